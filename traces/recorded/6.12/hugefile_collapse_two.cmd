mmap F 2M memfd
mmap G 2M same:F
watch F+0x0
watch G+0x1000
slot 1 0x200000 F 2M
slot 2 0x800000 G 2M
hfill F 0x3000 4096 7
gread 0x800000
gwrite 0x201000 0xa
madvise F 2M COLLAPSE
gread 0x801000
gread 0x200000
