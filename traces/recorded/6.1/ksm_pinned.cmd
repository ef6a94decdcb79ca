sysw /sys/kernel/mm/ksm/run 0
mmap A 32K anon
watch A
watch A+0x1000
slot 1 0x200000 A 32K
hmem A 12K 0x33
madvise A 32K MERGEABLE
gvmsave 0x200000
kvm vmap 0x201000
ksm 2
gread 0x200000 n=3
kvm vunmap 0x201000
ksm 2
gread 0x200000 n=3
kvm vmap 0x200000
kvm vunmap 0x200000
gread 0x200000 n=3
