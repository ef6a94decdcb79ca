lab alloc 0 nc 1 1
mmap D 0x2000 dev:0
watch D+0x0
watch D+0x1000
hwrite D+0x1000 0x1
slot 2 0x200000 D+0x0 0x2000
start t until=precheck_retry_again gread 0x201000
lab zap 0 0 2
resume t
