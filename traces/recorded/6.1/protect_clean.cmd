#!smp 2
mmap a 4M anon
madvise a 4M HUGEPAGE
watch a+0x0
slot 1 0x40000000 a 4M
gwrite 0x40000000 7
mprotect a 2M r
mprotect a 2M rw
gread 0x40000000
gwrite 0x40000000 8
mmap b 16K anon
watch b+0x0
slot 2 0x80000000 b 16K
gwrite 0x80000000 7
gwrite 0x80001000 7
madvise b 4K FREE
mprotect b 16K r
mprotect b 16K rw
gread 0x80000000
gwrite 0x80000000 9
