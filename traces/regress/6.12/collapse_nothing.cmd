mmap T 0x400000 anon
watch T
watch T+0x200000
madvise T 0x400000 HUGEPAGE
hwrite T 1
hwrite T+0x200000 1
madvise T+0x2000 0x2000 COLLAPSE
madvise T+0x2000 0x1ff000 COLLAPSE
