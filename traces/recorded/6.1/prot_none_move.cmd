mmap A 64K anon
mmap F 64K memfd
watch A
watch A+0x1000
watch F
slot 1 0x200000 A 64K
slot 2 0x300000 F 64K
gwrite 0x200000 0xa n=4
gwrite 0x300000 0xa n=4
movepage A 1 n=4
movepage F 1 n=4
mprotect A 8K n
fork
mprotect A 8K rw
gwrite 0x200000 1
gread 0x201000
cwrite F+0x1000 4
movepage F 0 n=4
gread 0x300000 n=4
cexit
gread 0x300000 n=4
mprotect F 8K n
movepage F 1 n=4
mprotect F 8K r
gread 0x300000 n=4
mprotect F 8K rw
gwrite 0x300000 6 n=4
