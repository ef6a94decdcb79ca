#!mmu rmap
lab alloc 0 nc 3 1
lab ref 0 1 1
mmap D 0x8000 dev:0
watch D+0x0
watch D+0x1000
slot 2 0x200000 D+0x0 0x8000
gwrite 0x201000 0x1
lab ref 0 1 -1
lab zap 0 0 8
