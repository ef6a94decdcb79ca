# mremap() over several VMAs, holes, overlaps with what is there
mmap A 64K anon
mmap B 64K anon
watch A+0x0
watch A+0x8000
watch B+0x0
watch B+0x8000
slot 1 0x200000 A 64K
slot 2 0x300000 B 64K
gwrite 0x200000 0xa1 n=16
gwrite 0x300000 0xb1 n=16
mprotect A+0x8000 16K r
mremap A 64K B
gread 0x200000
gread 0x300000
gread 0x308000
maps B
remap A 64K anon
gwrite 0x200000 0xc1 n=16
munmap A+0x4000 16K
mremap A 64K B
gread 0x300000
gread 0x308000
mremap B+0x4000 16K A
mremap A+0x8000 16K A+0x100000
maps A
