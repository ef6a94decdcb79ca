lab alloc 0 comp 2
lab mode 0 pfn
mmap A 16K dev:0
watch A
watch A+0x2000
slot 1 0x200000 A 16K
lab ref 0 2 1
gread 0x202000
lab info 0 0
gwrite 0x202000 0x5
lab zap 0 0 4
lab info 0 2
lab ref 0 2 -1
gread 0x202000
