lab alloc 0 phys 8 0xfb000
lab alloc 1 nc 3 1
mmap D 0x8000 dev:0
watch D+0x0
slot 2 0x200000 D+0x0 0x8000
gread 0x200000
lab repoint 0 0 1 0
lab zap 0 0 1
gwrite 0x200000 0x7
lab repoint 0 0 1 1
lab zap 0 0 1
gwrite 0x200000 0x8
lab repoint 0 0 0 1
lab zap 0 0 1
gread 0x200000
