#!smp 2
#!env BUFKB=32768
lab alloc 0 nc 2 4
lab mode 0 pfn
mmap D 16K dev:0
watch D
watch D+0x1000
watch D+0x3000
slot 1 0x2000000 D 16K log
bg 0 zap D 16K 200
par rmw 0x2000000 2 4096
grmw 0x2000000 n=4
hread D+0x3000
bgstop 0
hread D+0x3000
dirtylog 1
gread 0x2000000 n=4
