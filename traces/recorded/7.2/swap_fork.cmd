# a slot that two processes name: the page that either reads back is in the swap cache
sh insmod /mods/brd.ko rd_nr=1 rd_size=16384
sh mkswap /dev/ram0 > /dev/null
sh swapon /dev/ram0
mmap A 64K anon
slot 1 0x200000 A 64K
gwrite 0x200000 0xa n=8
lab drain
madvise A 32K PAGEOUT
madvise A 32K PAGEOUT
fork A 64K
gread 0x200000
gread 0x202000
gwrite 0x203000 7
cread A+0x0
cread A+0x1000
cwrite A+0x2000 9
cwrite A+0x3000 9
watch A+0x0
watch A+0x1000
watch A+0x2000
watch A+0x3000
hwrite A+0x1000 5
gread 0x200000 n=8
cexit
gwrite 0x200000 0x20 n=8
gread 0x200000 n=8
