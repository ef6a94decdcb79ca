sysw /proc/sys/vm/nr_hugepages 2
mmap H1 0x200000 shhuge
watch H1+0x0
munlock H1+0x1000 0x1000
