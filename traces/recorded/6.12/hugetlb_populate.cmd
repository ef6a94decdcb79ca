#!smp 2
sysw /proc/sys/vm/nr_hugepages 8
mmap A 2M huge populate
watch A+0x100000
slot 1 0x400000 A 2M
gread 0x5ff000
madvise A+0x0 2M DONTNEED
gread 0x5ff000
