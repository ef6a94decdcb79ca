lab alloc 0 nc 1 1
lab ref 0 1 1
mmap D 0x2000 dev:0
watch D+0x0
watch D+0x1000
slot 2 0x200000 D+0x0 0x2000
start r until=lock_mmu gread 0x201000
munmap D+0x0 0x2000
lab ref 0 1 -1
lab free 0
resume r
