mmap A 64K memfd
mmap B 64K same:A
mmap C 32K pfile:/tmp/p1
mmap D 32K shanon
watch A+0x0
watch B+0x1000
watch C+0x0
watch D+0x0
slot 1 0x200000 A 64K
slot 2 0x300000 B 64K
slot 3 0x400000 C 32K
slot 4 0x500000 D 32K
gwrite 0x200000 0xa n=4
gread 0x301000
gread 0x400000 n=4
gwrite 0x402000 0xc
gwrite 0x500000 0xd n=4
lab drain
movepage A 1 n=4
gread 0x200000 n=4
gwrite 0x301000 0x2
movepage A 1 n=8
movepage C 1 n=8
gread 0x400000 n=4
gwrite 0x401000 0x3
mprotect D 32K r
movepage D 1 n=4
gread 0x500000 n=4
mprotect D 32K rw
gwrite 0x500000 0x4 n=2
movepage D 0 n=4
gwrite 0x500000 0x5 n=4
mlock D 8K
movepage D 1 n=3
gread 0x500000 n=3
munmap D 8K
clearrefs 4
movepage A 0 n=4
gwrite 0x202000 0x7
hwrite B+0x3000 0x8
fork
cread A+0x0
cread A+0x2000
movepage A 1 n=4
gread 0x200000 n=4
cread A+0x0
cexit
movepage A 1 n=4
gread 0x200000 n=4
compact
gread 0x200000 n=4
gread 0x400000 n=4
gread 0x502000 n=2
