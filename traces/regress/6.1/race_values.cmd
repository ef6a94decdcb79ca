#!smp 2
#!env BUFKB=32768
mmap A 128K anon
watch A
watch A+0x1000
watch A+0x19000
watch A+0x1f000
slot 1 0x2000000 A 128K
par rmw 0x2000000 29 4096
madvise A+0x2000 4K DONTNEED
par w 0x2000000 13 4096
hread A
par r 0x2000000 6 4096
madvise A 4K DONTNEED
gread 0x2000000 n=8
