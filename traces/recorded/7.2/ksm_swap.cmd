sh insmod /mods/brd.ko rd_nr=1 rd_size=16384
sh mkswap /dev/ram0 > /dev/null
sh swapon /dev/ram0
sysw /sys/kernel/mm/ksm/run 0
mmap A 32K anon
watch A
watch A+0x1000
watch A+0x2000
slot 1 0x200000 A 32K
hmem A 16K 0x33
gread 0x200000 n=4
madvise A 32K MERGEABLE
ksm 2
gwrite 0x201000 0x1
gread 0x200000 n=4
madvise A 16K PAGEOUT
madvise A 16K PAGEOUT
gread 0x200000 n=4
movepage A 1 n=4
madvise A+0x2000 4K SOFT_OFFLINE
gread 0x200000 n=4
ksm 2
madvise A 4K SOFT_OFFLINE
gread 0x200000 n=4
ksm 1 2
gread 0x200000 n=4
