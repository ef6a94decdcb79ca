sysw /proc/sys/vm/nr_hugepages 4
mmap H 0x400000 huge
watch H+0x0
watch H+0x1ff000
watch H+0x200000
mmap G 0x200000 huge
watch G+0x0
hwrite H+0x0 0x1
start d until=clear_ptes madvise H+0x0 0x200000 DONTNEED
start r hread H+0x200000
hread G+0x0
resume d
resume r
hread H+0x0
