lab alloc 0 order0 0 1
lab mode 0 insert
mmap m 0x1000 dev:0
watch m+0x0
slot 2 0x200000 m+0x0 0x1000
start f until=lock_mmu gread 0x200000
gwrite 0x200000 0x7 v=1
resume f
