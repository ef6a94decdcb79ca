mmap A 0x1000 anon
watch A+0x0
slot 2 0x200000 A+0x0 0x1000
hwrite A+0x0 0xa
lab drain
madvise A+0x0 0x1000 COLD
start r until=lock_mmu gread 0x200000
sh insmod /mods/brd.ko rd_nr=1 rd_size=16384
sh mkswap /dev/ram0 > /dev/null
sh swapon /dev/ram0
madvise A+0x0 0x1000 PAGEOUT
madvise A+0x0 0x1000 PAGEOUT
resume r
