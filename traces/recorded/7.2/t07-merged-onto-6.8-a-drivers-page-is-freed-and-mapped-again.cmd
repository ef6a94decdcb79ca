lab alloc 0 order0 0 1
mmap D 0x1000 dev:0
watch D+0x0
hwrite D+0x0 0x1
slot 2 0x200000 D+0x0 0x1000
start r until=precheck_retry_again gread 0x200000
lab zap 0 0 1
resume r
