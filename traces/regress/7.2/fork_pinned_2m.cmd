mmap T 0x200000 anon
watch T
watch T+0x1000
madvise T 0x200000 HUGEPAGE
slot 2 0x1000000 T 0x200000
gwrite 0x1001000 7
kvm vmap 0x1001000 knobs=0
fork
cwrite T 2
kvm vunmap 0 knobs=0
cexit
