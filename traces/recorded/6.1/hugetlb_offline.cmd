sysw /proc/sys/vm/nr_hugepages 8
mmap H 4M huge
mmap A 4M hmemfd
watch H+0x0
watch A+0x0
slot 1 0x200000 H 4M
slot 2 0x800000 A 4M
gwrite 0x200000 0xa n=2
gread 0x400000
gwrite 0x800000 0xb
madvise H 4K SOFT_OFFLINE
gread 0x200000
madvise H+0x1000 4K SOFT_OFFLINE
gread 0x200000
madvise H 8K SOFT_OFFLINE
gread 0x200000 n=3
madvise A+0x3000 4K SOFT_OFFLINE
gread 0x800000
madvise H+0x200000 2M SOFT_OFFLINE
gread 0x400000
madvise A+0x200000 4K SOFT_OFFLINE
munmap H 4M
