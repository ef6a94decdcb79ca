sh insmod /mods/brd.ko rd_nr=1 rd_size=16384
sh mkswap /dev/ram0 > /dev/null
sh swapon /dev/ram0
mmap F 6M file:/thp/f1
mmap G 6M same:F
watch F+0x0
watch F+0x1000
watch F+0x200000
slot 1 0x200000 F 6M
slot 2 0x800000 G 6M
gwrite 0x200000 0xa
gwrite 0x400000 0xb
gwrite 0x600000 0xc
lab drain
madvise F 2M COLD
madvise F 2M PAGEOUT
madvise F 2M PAGEOUT
gread 0x200000 n=4
gwrite 0x201000 0xb
gread 0xa00000
madvise F+0x200000 2M PAGEOUT
madvise G+0x200000 2M DONTNEED
madvise F+0x200000 2M PAGEOUT
madvise F+0x200000 2M PAGEOUT
gread 0x400000
gread 0xa00000
madvise F+0x410000 64K COLD
gread 0x600000 n=2
madvise F+0x410000 64K PAGEOUT
madvise F+0x410000 64K PAGEOUT
gread 0x610000 n=2
punch F 0x1000 4K
gread 0x201000
truncate F 1M
gread 0x200000 n=2
