sysw /sys/kernel/mm/ksm/run 0
mmap A 32K anon
watch A
watch A+0x4000
slot 1 0x200000 A 32K
hmem A 8K 0x11
hmem A+0x2000 8K 0x22
madvise A 32K MERGEABLE
ksm 2
hmem A+0x4000 4K 0x11
hmem A+0x5000 4K 0x22
gread 0x200000 n=6 stride=4096
gwrite 0x201000 0x11111111
ksm 3
gread 0x200000 n=6 stride=4096
hmem A+0x6000 4K 0x11
gwrite 0x200000 0x5
ksm 3
gread 0x204000 n=3 stride=4096
