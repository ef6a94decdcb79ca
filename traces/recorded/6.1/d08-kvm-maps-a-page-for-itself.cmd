lab alloc 0 order0 0 1
mmap BO 0x1000 dev:0
watch BO+0x0
slot 2 0x200000 BO+0x0 0x1000
kvm vmap 0x200000 knobs=0
lab zap 0 0 1
lab free 0
kvm vunmap 0x0 knobs=0
