sysw /proc/sys/vm/nr_hugepages 2
mmap H 0x200000 huge
watch H
slot 2 0x1000000 H 0x200000
hwrite H 1
clearrefs 4
clearrefs 1
gread 0x1000000
