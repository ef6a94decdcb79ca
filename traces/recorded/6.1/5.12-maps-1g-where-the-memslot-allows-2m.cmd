#!gigantic 1
sysw /sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages 1
mmap A 0x40000000 huge1g skew=0xffffff0040000000
watch A+0x0
watch A+0x200000
hwrite A+0x0 0x5
hwrite A+0x200000 0x6
slot 2 0x200000 A+0x0 0x40000000
gread 0x200000
