sysw /sys/kernel/mm/ksm/run 0
mmap A 32K anon
watch A
watch A+0x1000
watch A+0x2000
slot 1 0x200000 A 32K
hmem A 12K 0x33
hmem A+0x4000 4K 0x33
gread 0x200000 n=5
madvise A 32K MERGEABLE
ksm 2
gread 0x200000 n=5
movepage A 1 n=5
gread 0x200000 n=5
mprotect A 16K r
mprotect A 16K rw
gread 0x200000 n=5
movepage A+0x1000 0 n=1
gwrite 0x201000 0x5
madvise A+0x1000 4K SOFT_OFFLINE
madvise A 4K SOFT_OFFLINE
gread 0x200000 n=5
