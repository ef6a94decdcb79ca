#!smp 2
mmap A 2M anon
madvise A 2M HUGEPAGE
slot 1 0x600000 A 2M
gwrite 0x600000 0x11
munmap A+0x1000 2044K
watch A+0x0
fork
cexit
gwrite 0x600000 0x22
