sh truncate -s 65536 /tmp/f0
mmap F0 0x10000 file:/tmp/f0 notrunc
watch F0+0x0
mmap F1 0x10000 pfile:/tmp/f0 notrunc
watch F1+0x0
watch F1+0x1000
watch F1+0xf000
madvise F1+0x1000 0xf000 HUGEPAGE
madvise F1+0x0 0x10000 REMOVE
