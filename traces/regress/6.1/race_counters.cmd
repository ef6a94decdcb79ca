#!smp 2
#!env BUFKB=32768
mmap A 64K anon
watch A
watch A+0x1000
watch A+0x4000
watch A+0xf000
slot 1 0x2000000 A 64K
bg 0 rdontneed A 64K 200
randr 0x2000000 20 0xf000 36
randr 0x2000000 20 0xf000 1
gwrite 0x2000000 0x7 n=16
bgstop 0
madvise A+0x8000 4K DONTNEED
gread 0x2000000 n=8
