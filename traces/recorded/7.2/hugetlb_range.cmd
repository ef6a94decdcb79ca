sysw /proc/sys/vm/nr_hugepages 12
mmap H 8M huge
watch H+0x0
watch H+0x200000
watch H+0x400000
slot 1 0x200000 H 8M
gwrite 0x200000 0xa n=4 stride=0x200000
movepage H 1 n=64
gread 0x200000 n=4 stride=0x200000
movepage H+0x1000 0 n=2
gread 0x200000
movepage H 0 n=64
gread 0x200000 n=4 stride=0x200000
madvise H 6M SOFT_OFFLINE
gread 0x200000 n=4 stride=0x200000
munmap H 1M
munmap H 2M
mprotect H+0x200000 2M n
movepage H+0x200000 1
mprotect H+0x200000 2M rw
gwrite 0x400000 0x9
mprotect H+0x201000 2M r
mremap H+0x400000 2M H+0x2000000
madvise H+0x2000000 4K HWPOISON
mprotect H+0x2000000 2M r
fork
cexit
madvise H+0x2000000 2M DONTNEED
gread 0x600000
madvise H+0x2000000 4K DONTNEED
madvise H+0x401000 4M HWPOISON
gread 0x600000
gread 0x800000
