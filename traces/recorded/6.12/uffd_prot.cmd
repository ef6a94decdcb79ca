#!smp 2
mmap A 4M anon
madvise A 2M HUGEPAGE
slot 1 0x40000000 A 4M
watch A
watch A+0x200000
gwrite 0x40000000 0xa
gwrite 0x40200000 0xb
mprotect A 2M r
mprotect A 2M rw
madvise A+0x200000 4K FREE
mprotect A+0x200000 4K r
mprotect A+0x200000 4K rw
gread 0x40200000
gwrite 0x40200000 0xc
clearrefs 1
mprotect A+0x200000 4K r
mprotect A+0x200000 4K rw
