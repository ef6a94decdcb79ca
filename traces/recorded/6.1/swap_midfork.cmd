# fork of slots, copies, and pages that both have, then reclaim again
sh insmod /mods/brd.ko rd_nr=1 rd_size=16384
sh mkswap /dev/ram0 > /dev/null
sh swapon /dev/ram0
mmap A 256K anon
slot 1 0x200000 A 256K
gwrite 0x200000 0xa n=4
lab drain
madvise A 16K PAGEOUT
madvise A 16K PAGEOUT
gread 0x200000
fork
cwrite A+0x1000 9
cwrite A+0x0 9
cread A+0x2000
gwrite 0x202000 0xb
gwrite 0x203000 0xc
madvise A 16K PAGEOUT
madvise A 16K PAGEOUT
gread 0x200000 n=4
cexit
madvise A 16K PAGEOUT
madvise A 16K PAGEOUT
gread 0x200000 n=4
watch A+0x0
watch A+0x1000
watch A+0x2000
watch A+0x3000
gwrite 0x200000 0xe n=4
