mmap A 64K anon
watch A+0x0
slot 1 0x200000 A 64K
kvm prot 0x200000 write=1
gvmsave 0x201000
xen 0x202000
gmemslot 2 0x400000 A 64K
private 0x400000 64K 1
s2info 0x200000
sysw /sys/module/labdrv/parameters/race_ms 2000
later 2000000 dontneed A 4K
gwrite 0x200000 1
join
gread 0x200000
