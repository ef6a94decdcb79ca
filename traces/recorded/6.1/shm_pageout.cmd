sh insmod /mods/brd.ko rd_nr=1 rd_size=16384
sh mkswap /dev/ram0 > /dev/null
sh swapon /dev/ram0
mmap A 64K memfd
mmap D 32K shanon
watch A+0x0
watch A+0x3000
watch D+0x0
slot 1 0x200000 A 64K
slot 2 0x300000 D 32K
gwrite 0x200000 0xa n=8
gread 0x208000 n=4
gwrite 0x300000 0xd n=4
lab drain
madvise A 16K PAGEOUT
gread 0x200000
gwrite 0x201000 0xb
gread 0x202000
hread A+0x3000
gread 0x203000
madvise A 64K COLD
madvise A 64K PAGEOUT
gread 0x200000 n=16
lab drain
madvise D 32K PAGEOUT
gwrite 0x300000 0xe n=4
gread 0x300000 n=8
