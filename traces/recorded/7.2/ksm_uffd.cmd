sysw /sys/kernel/mm/ksm/run 0
mmap A 32K anon
watch A
watch A+0x1000
watch A+0x2000
slot 1 0x200000 A 32K
hmem A 16K 0x33
madvise A 32K MERGEABLE
uffd reg A 32K wp
uffd wp A 4K
ksm 2
gread 0x200000 n=4
gstart write 0x200000 0xc
uffd unwp A 4K dontwake
gwake A 4K
uffd wp A+0x1000 8K
gread 0x200000 n=4
madvise A+0x1000 8K UNMERGEABLE
gread 0x200000 n=4
uffd unreg A 32K
gwrite 0x200000 0x9 n=4
