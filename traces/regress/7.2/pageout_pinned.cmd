sh insmod /mods/brd.ko rd_nr=1 rd_size=16384
sh mkswap /dev/ram0 > /dev/null
sh swapon /dev/ram0
mmap A 0x4000 anon
watch A
watch A+0x1000
slot 2 0x1000000 A 0x4000
gwrite 0x1000000 1
gwrite 0x1001000 2
kvm vmap 0x1000000 knobs=0
madvise A 0x4000 PAGEOUT
gread 0x1000000
kvm vunmap 0x0 knobs=0
madvise A 0x4000 PAGEOUT
