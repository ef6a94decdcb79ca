#!gigantic 1
sysw /sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages 1
mmap H 0x40000000 huge1g
watch H+0x0
watch H+0x3000
watch H+0x11234000
hwrite H+0x11234000 0x2
slot 2 0x40000000 H+0x0 0x40000000
fork
gwrite 0x40003000 0x5
gread 0x51234000
cexit
