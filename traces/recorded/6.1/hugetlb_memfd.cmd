sysw /proc/sys/vm/nr_hugepages 4
mmap A 4M hmemfd
watch A+0x1000
watch A+0x200000
slot 1 0x200000 A 4M
gread 0x201000
gwrite 0x400000 0x5
madvise A 2M DONTNEED
gread 0x201000
fork
cwrite A+0x200000 0x77
gread 0x400000
cexit
mprotect A 2M r
gwrite 0x200000 0x6
dirtylog 1
mmap B 8M hmemfd
