mmap A 64K memfd
mmap B 64K same:A
mmap C 32K pfile:/tmp/p1
mmap D 32K shanon
watch A+0x0
watch A+0x1000
watch B+0x1000
watch C+0x0
slot 1 0x200000 A 64K
slot 2 0x300000 B 64K
slot 3 0x400000 C 32K
slot 4 0x500000 D 32K
gwrite 0x200000 0xa n=8
gread 0x301000
gread 0x400000 n=4
gwrite 0x402000 0xc
gwrite 0x500000 0xd n=4
lab drain
madvise A+0x0 16K SOFT_OFFLINE
gread 0x200000 n=4
gwrite 0x301000 0x1
madvise A+0xc000 4K SOFT_OFFLINE
gread 0x20c000
madvise C+0x0 16K SOFT_OFFLINE
gread 0x400000 n=4
madvise D+0x1000 12K SOFT_OFFLINE
gread 0x500000 n=4
madvise A+0x1000 4K HWPOISON
gread 0x200000
gread 0x201000
gread 0x301000
gread 0x302000
madvise B+0x4000 4K HWPOISON
gread 0x204000
gread 0x304000
hread B+0x4000
madvise A+0xd000 4K HWPOISON
gread 0x20d000
gread 0x30d000
madvise A+0xd000 4K HWPOISON
madvise A+0xd000 4K SOFT_OFFLINE
punch A 0x1000 4K
gread 0x201000
gread 0x301000
madvise C+0x0 4K HWPOISON
gread 0x400000
madvise D 4K HWPOISON
gread 0x500000
munmap D 4K
madvise D+0x1000 4K DONTNEED
gread 0x501000
