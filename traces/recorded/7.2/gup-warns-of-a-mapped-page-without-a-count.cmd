lab alloc 0 order0 0 2
lab mode 0 insert
mmap D 0x2000 dev:0
watch D+0x0
slot 2 0x200000 D+0x0 0x2000
lab ref 0 0 -2
gread 0x200000
