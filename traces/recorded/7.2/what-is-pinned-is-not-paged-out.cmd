mmap A 0x1000 anon
watch A+0x0
slot 2 0x200000 A+0x0 0x1000
gwrite 0x200000 0xa
kvm vmap 0x200000 knobs=0
lab drain
sh insmod /mods/brd.ko rd_nr=1 rd_size=16384
sh mkswap /dev/ram0 > /dev/null
sh swapon /dev/ram0
madvise A+0x0 0x1000 PAGEOUT
madvise A+0x0 0x1000 PAGEOUT
gread 0x200000
kvm vunmap 0x0 knobs=0
madvise A+0x0 0x1000 PAGEOUT
madvise A+0x0 0x1000 PAGEOUT
gread 0x200000
