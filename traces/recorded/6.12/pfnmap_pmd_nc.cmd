lab alloc 0 nc 9 1
lab mode 0 pmd
mmap D 2M dev:0
watch D+0x0
watch D+0x2000
slot 1 0x200000 D 2M
gread 0x200000
gread 0x202000
gwrite 0x202000 1
lab zap 0 0 512
gwrite 0x202000 2
gread 0x200000
hread D+0x4000
slotdel 1
lab info 0
munmap D 2M
lab info 0
