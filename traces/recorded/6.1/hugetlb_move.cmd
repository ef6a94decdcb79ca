sysw /proc/sys/vm/nr_hugepages 8
mmap H 8M huge
watch H+0x0
watch H+0x200000
slot 1 0x200000 H 8M
gwrite 0x200000 0xa n=2
gread 0x400000
sysr /proc/sys/vm/nr_hugepages
movepage H 1
gread 0x200000
movepage H 0
gwrite 0x200000 0xb
movepage H+0x200000 1
gread 0x400000
gwrite 0x400000 0xc
movepage H+0x200000 0 n=2
hread H+0x0
mprotect H 2M r
movepage H 1
gread 0x200000
mprotect H 2M rw
gwrite 0x200000 0x4
movepage H+0x400000 1
fork
movepage H 0
cread H+0x0
cexit
movepage H 0
gread 0x200000
munmap H 8M
