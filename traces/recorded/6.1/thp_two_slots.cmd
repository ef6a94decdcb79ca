mmap A 4M anon skew=0x5000
madvise A 4M HUGEPAGE
watch A
watch A+0x1fb000
slot 1 0x40005000 A 4M
slot 2 0x80000000 A 0x1fb000
slot 3 0xc0000000 A+0x1fb000 2M log
gwrite 0x40005000 0xa
gwrite 0x40200000 0xb
gwrite 0xc0000000 0xc
gread 0x80000000
madvise A+0x1fa000 8K DONTNEED
gread 0x40200000
gwrite 0xc0001000 1
madvise A+0x1fc000 4K COLD
madvise A+0x1fc000 8K FREE
gread 0xc0001000 n=2
fork
gwrite 0xc0002000 1
dirtylog 3
gwrite 0xc0002000 2
cexit
munmap A+0x1ff000 8K
gread 0xc0003000
gread 0xc0006000
