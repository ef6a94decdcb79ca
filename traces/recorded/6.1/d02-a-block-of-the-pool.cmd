lab alloc 0 phys 4 0xfb000
mmap BO 0x2000 dev:0
watch BO+0x0
watch BO+0x1000
slot 2 0x200000 BO+0x0 0x2000
lab alloc 1 nc 1 1
lab zap 0 0 2
lab repoint 0 0 1 0
lab repoint 0 1 1 1
gwrite 0x200000 0x8
gwrite 0x201000 0x9
lab zap 0 0 2
lab repoint 0 0 0 2
lab repoint 0 1 0 3
lab free 1
gread 0x201000
