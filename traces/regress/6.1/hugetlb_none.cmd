sysw /proc/sys/vm/nr_hugepages 2
mmap H 0x200000 huge
watch H
watch H+0x1000
watch H+0x1ff000
hwrite H 1
mprotect H 0x200000 none
