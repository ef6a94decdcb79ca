lab alloc 0 order0 0 1
mmap D 0x1000 dev:0
watch D+0x0
slot 2 0x200000 D+0x0 0x1000
start r until=lock_mmu gread 0x200000
lab free 0
resume r
gwrite 0x200000 0x1
