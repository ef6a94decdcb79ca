sysw /sys/kernel/mm/ksm/run 0
mmap A 64K anon
watch A+0x0
watch A+0x1000
watch A+0x2000
watch A+0x3000
slot 1 0x2000000 A 64K
hmem A 16K 0x41
madvise A 64K MERGEABLE
ksm 2
madvise A 64K MERGEABLE
clearrefs 1
hmem A+0x0 4K 0x42
gwrite 0x2001000 0x41414141
ksm 2
movepage A+0x0 1
gwrite 0x2000000 0x42424242
gwrite 0x2002000 0x42424242
ksm 1 2
clearrefs 1
gread 0x2000000 n=4
hmem A 16K 0x41
hmem A 16K 0x42
hwrite A+0x3000 0x41414141
madvise A 64K MERGEABLE
clearrefs 1
slot 1 0x2000000 A 64K
hmem A+0x3000 4K 0x42
gread 0x2000000 n=4
