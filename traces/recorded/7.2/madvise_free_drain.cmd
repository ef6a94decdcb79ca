# MADV_FREE and then reclaim: clean pages are dropped, written ones stay
mmap A 64K anon
watch A+0x0
watch A+0x1000
watch A+0x2000
slot 1 0x200000 A 64K
gwrite 0x200000 0xa n=4
madvise A 16K FREE
hwrite A+0x2000 9
madvise A 16K PAGEOUT
gread 0x200000 n=4
gwrite 0x204000 1 n=4
madvise A+0x4000 16K FREE
gread 0x204000 n=1
gwrite 0x205000 5
madvise A+0x4000 16K PAGEOUT
gread 0x204000 n=4
