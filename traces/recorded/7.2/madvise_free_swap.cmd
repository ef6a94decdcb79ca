# MADV_FREE with swap: what is dirty goes out, what is lazyfree is dropped; swap entries go
sh insmod /mods/brd.ko rd_nr=1 rd_size=16384
sh mkswap /dev/ram0 > /dev/null
sh swapon /dev/ram0
mmap A 64K anon
watch A+0x0
watch A+0x1000
watch A+0x2000
slot 1 0x200000 A 64K
gwrite 0x200000 0xa n=8
madvise A 16K FREE
hwrite A+0x2000 9
madvise A 32K PAGEOUT
madvise A+0x4000 8K FREE
gread 0x200000 n=8
gread 0x200000 n=8
madvise A 32K PAGEOUT
madvise A 32K FREE
gread 0x200000 n=8
madvise A 64K WILLNEED
