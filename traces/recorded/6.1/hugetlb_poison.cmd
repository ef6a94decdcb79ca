sysw /proc/sys/vm/nr_hugepages 8
mmap H 4M huge
mmap A 4M hmemfd
watch H+0x0
watch H+0x200000
watch A+0x0
slot 1 0x200000 H 4M
slot 2 0x800000 A 4M
gwrite 0x200000 0xa n=2
gread 0x400000
gwrite 0x800000 0xb
madvise H 4K HWPOISON
gread 0x200000
gwrite 0x200000 0x5
gread 0x201000
hread H+0x1000
madvise A+0x1000 4K HWPOISON
gread 0x800000
gread 0x801000
hread A+0x0
madvise A+0x2000 4K HWPOISON
madvise H+0x200000 8K HWPOISON
gread 0x400000
munmap H 2M
gread 0x200000
madvise H+0x200000 2M DONTNEED
gread 0x400000
madvise A+0x200000 4K HWPOISON
gread 0xa00000
