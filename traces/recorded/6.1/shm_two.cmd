sh insmod /mods/brd.ko rd_nr=1 rd_size=16384
sh mkswap /dev/ram0 > /dev/null
sh swapon /dev/ram0
mmap A 64K memfd
mmap B 64K same:A
mmap C 32K pfile:/tmp/p1
mmap N 64K anon
watch A+0x0
watch B+0x1000
watch C+0x0
watch N+0x0
slot 1 0x200000 A 64K
slot 2 0x300000 B 64K
slot 3 0x400000 C 32K
slot 4 0x500000 N 64K
gwrite 0x200000 0xa n=8
gread 0x301000 n=2
gread 0x400000 n=4
gwrite 0x402000 0xc
gwrite 0x500000 0xe n=8
lab drain
madvise A 32K PAGEOUT
gread 0x200000 n=8
madvise B 32K DONTNEED
lab drain
madvise A 32K PAGEOUT
gread 0x300000 n=8
madvise A 32K WILLNEED
gread 0x200000 n=2
madvise C 32K PAGEOUT
gread 0x400000 n=4
fork
lab drain
madvise N 16K PAGEOUT
madvise N 16K COLD
gwrite 0x501000 0x2
madvise N 16K PAGEOUT
gread 0x500000 n=4
madvise A 32K PAGEOUT
cread A+0x1000
gread 0x200000 n=4
cexit
lab drain
madvise N 16K PAGEOUT
gread 0x500000 n=4
