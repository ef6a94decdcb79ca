lab alloc 0 phys 2 0xfb000
mmap BO 0x2000 dev:0
watch BO+0x0
slot 2 0x200000 BO+0x0 0x2000
kvm vmap 0x200000 knobs=0
lab zap 0 0 2
lab free 0
kvm vunmap 0x0 knobs=0
