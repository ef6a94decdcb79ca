mmap A 64K memfd
watch A+0x0
watch A+0x3000
slot 1 0x200000 A 64K
gwrite 0x200000 0xa n=8
lab drain
madvise A 32K COLD
gread 0x200000 n=2
madvise A 32K PAGEOUT
gread 0x200000 n=4
madvise A 32K PAGEOUT
gread 0x200000 n=4
