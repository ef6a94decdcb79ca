#!smp 2
#!env BUFKB=32768
lab alloc 0 comp 3 0
mmap D 32K dev:0
watch D
watch D+0x7000
slot 1 0x2000000 D 32K
bg 0 zap D 32K 100
gread 0x2000000 n=8 v=1
randw 0x2000000 20 0x7000 60
bgstop 0
