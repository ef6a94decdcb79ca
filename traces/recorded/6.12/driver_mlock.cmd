#!smp 2
lab alloc 0 order0 0 4
lab mode 0 page
mmap A 16K pdev:0
slot 1 0x200000 A 16K
mlock A+0x0 16K
munmap A+0x3000 4K
lab zap 0 0 3
gread 0x201000
watch A+0x2000
gread 0x202000
