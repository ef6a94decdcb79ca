#!smp 2
#!env BUFKB=32768
lab alloc 0 rsvd 0 4
lab mode 0 pfn
mmap D 16K dev:0
watch D
watch D+0x1000
watch D+0x3000
slot 1 0x2000000 D 16K
bg 0 zap D 16K 100
hwrite D 0x7
gwrite 0x2000000 0x7 n=4 v=1
bgstop 0
gwrite 0x2001000 0x3
bg 0 zap D 16K 100
grmw 0x2000000 n=4
bgstop 0
gwrite 0x2002000 0x3
bg 0 zap D 16K 200
gwrite 0x2000000 0x7 n=4
lab zap 0
hwrite D+0x2000 0x1000
bgstop 0
hwrite D+0x1000 0x1000
gread 0x2000000 n=4
