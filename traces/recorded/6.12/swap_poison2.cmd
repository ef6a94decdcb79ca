# memory errors of pages in the swap cache: what is clean is read again, what is dirty is lost
sh insmod /mods/brd.ko rd_nr=1 rd_size=16384
sh mkswap /dev/ram0 > /dev/null
sh swapon /dev/ram0
mmap A 64K anon
slot 1 0x200000 A 64K
gwrite 0x200000 0xa n=4
lab drain
madvise A 16K PAGEOUT
madvise A 16K PAGEOUT
mprotect A 4K r
madvise A 16K WILLNEED
hread A
hwrite A+0x1000 7
gread 0x202000
lab drain
watch A+0x1000
madvise A 4K HWPOISON
hread A
gread 0x200000
madvise A+0x1000 4K HWPOISON
gread 0x201000
hread A+0x1000
madvise A+0x1000 4K DONTNEED
gread 0x201000
madvise A+0x2000 4K HWPOISON
munmap A 64K
