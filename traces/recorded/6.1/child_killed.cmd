mmap A 16K anon
watch A+0x1000
slot 1 0x200000 A 16K
gwrite 0x200000 0x42 n=4 stride=4096
mprotect A+0x2000 4K r
fork
gread 0x200000 n=4 stride=4096
cwrite A+0x1000 0x1
cwrite A+0x2000 0x27
gwrite 0x200000 0x43 n=2 stride=4096
cexit
fork
cread A
cexit
gread 0x200000 n=4 stride=4096
