sysw /sys/kernel/mm/ksm/run 0
mmap A 64K anon
watch A
watch A+0x1000
slot 1 0x2000000 A 64K
hmem A 8K 0x41
madvise A 64K MERGEABLE
ksm 1 2
