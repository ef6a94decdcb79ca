mmap A 2M anon
madvise A 2M HUGEPAGE
mmap B 8K anon
watch A+0x0
watch B+0x0
slot 1 0x200000 A 2M
slot 2 0x600000 B 8K
gwrite 0x200000 0xa
gwrite 0x600000 0xa
mprotect A 2M r
mprotect A 2M rw
gread 0x200000
gwrite 0x200000 0xb
movepage B 1
mprotect B 4K r
clearrefs 1
mprotect B 4K rw
gread 0x600000
gwrite 0x600000 0x2
