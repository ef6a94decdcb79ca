mmap A 4M anon
madvise A 4M HUGEPAGE
watch A+0x0
watch A+0x200000
slot 1 0x200000 A 4M
gwrite 0x200000 0xa n=4
gread 0x400000
lab drain
movepage A 1
gread 0x200000 n=4
movepage A+0x1000 0 n=4
gwrite 0x200000 0xb n=4
movepage A+0x200000 1 n=2
gwrite 0x400000 0xc
lab drain
hread A+0x201000
movepage A+0x200000 1 n=1
gread 0x400000 n=4
mprotect A 2M r
movepage A 1
gread 0x200000
mprotect A 2M rw
gwrite 0x200000 0x4
fork
movepage A 0
cread A+0x0
cexit
movepage A 0
gread 0x200000
compact
gread 0x200000
