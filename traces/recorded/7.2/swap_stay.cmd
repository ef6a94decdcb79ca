# WILLNEED, then reads: the page stays in the swap cache; then a write, pageout again, a zap
sh insmod /mods/brd.ko rd_nr=1 rd_size=16384
sh mkswap /dev/ram0 > /dev/null
sh swapon /dev/ram0
mmap A 64K anon
slot 1 0x200000 A 64K
gwrite 0x200000 0xa n=8
lab drain
madvise A 32K PAGEOUT
madvise A 32K PAGEOUT
madvise A 32K WILLNEED
watch A+0x0
watch A+0x1000
watch A+0x2000
watch A+0x3000
gread 0x200000 n=8
hwrite A+0x1000 7
gwrite 0x202000 8
madvise A+0x3000 4K DONTNEED
lab drain
madvise A 32K PAGEOUT
madvise A 32K PAGEOUT
gread 0x200000 n=8
gwrite 0x200000 0xc n=8
hwrite A+0x4000 9
munmap A 64K
