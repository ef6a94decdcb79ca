lab alloc 0 phys 2 0xfb000
lab alloc 1 order0 0 1
lab repoint 0 0 1 0
mmap BO 0x1000 dev:0
watch BO+0x0
slot 2 0x200000 BO+0x0 0x1000
gwrite 0x200000 0x7
lab repoint 0 0 0 1
lab free 1
gwrite 0x200000 0x8
