#!smp 2
#!env BUFKB=32768
lab alloc 0 order0 0 16
lab mode 0 pfn
mmap D 64K dev:0
watch D
watch D+0x1000
watch D+0x8000
watch D+0xf000
slot 1 0x2000000 D 64K
par rmw 0x2000000 10 4096
grmw 0x2000000 n=16
lab zap 0
gread 0x2000000 n=8
