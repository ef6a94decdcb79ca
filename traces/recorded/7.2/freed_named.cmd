lab alloc 0 order0 0 2
lab mode 0 page
mmap A 8K dev:0
watch A+0x1000
slot 1 0x200000 A 8K
gwrite 0x201000 7
lab free 0
lab zap 0 0 2
slot 2 0x400000 A 8K
slot 3 0x600000 A 8K log
kvm pfn 0x401000
lab zap 0 0 2
kvm prot 0x201000 write=0
lab info 0 1
