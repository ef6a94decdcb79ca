mmap A 64K anon
mmap B 64K anon
watch A
watch A+0x1000
watch B
watch B+0x1000
slot 1 0x200000 A 64K
slot 2 0x300000 B 64K
gwrite 0x200000 0xa n=4
uffd reg A 64K wp
uffd wp A 8K
mprotect A 4K r
mremap A 16K B
gread 0x300000 n=4
gwrite 0x301000 0x5
mremap B 16K A
gread 0x200000 n=4
gwrite 0x201000 6
uffd wp A+0x4000 8K
uffd unreg A 64K
