# mremap() of huge pages: moved as such where both sides are aligned, split else
mmap A 8M anon
mmap B 8M anon
madvise A 8M HUGEPAGE
watch A+0x0
watch A+0x200000
watch B+0x0
watch B+0x200000
slot 1 0x40000000 A 8M
slot 2 0x80000000 B 8M
gwrite 0x40000000 0xa n=2 stride=0x200000
mremap A 2M B
gread 0x80000000
gread 0x40000000
mremap A+0x200000 2M B+0x201000
gread 0x80201000
gread 0x80200000
hwrite A+0x400000 7
hwrite A+0x600000 8
mremap A+0x400000 0x300000 B+0x400000
gread 0x80400000
gread 0x80600000
gread 0x40600000
