lab alloc 0 order0 0 2
mmap D 0x2000 dev:0
watch D+0x0
slot 2 0x200000 D+0x0 0x2000
start r until=follow_pte_again gread 0x200000
lab zap 0 0 2
resume r
gread 0x200000
