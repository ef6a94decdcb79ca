#!smp 2
lab alloc 0 comp 9
lab mode 0 page
mmap A 2M dev:0
watch A+0x100000
slot 1 0x1000000 A 2M
gwrite 0x1002000 0x87
clearrefs 1
mprotect A+0x2000 4K r
hwrite A+0x100000 0xc9
lab repoint 0 275 0 305
lab zap 0 0 512
gread 0x1113000
