#!smp 2
mmap A 16K anon
slot 1 0x200000 A 16K
watch A
watch A+0x1000
watch A+0x2000
hwrite A 0xa
gread 0x200000
gwrite 0x200000 0xb
gread 0x201000
uffd reg A 16K wp
uffd wp A 16K
gread 0x200000
gstart write 0x200000 0xc
uffd unwp A 4K dontwake
gwake A 16K
gwrite 0x202000 0xd
gstart write 0x201000 0xe
uffd unwp A+0x1000 4K dontwake
gwake A 16K
gwrite 0x200000 0xf
uffd wp A 4K
mprotect A 4K r
mprotect A 4K rw
gstart write 0x200000 0x10
uffd unwp A 4K dontwake
gread 0x200000 v=1
gwake A 16K
uffd wp A 16K
gread 0x200000
uffd unwp A 16K
gread 0x200000
gwrite 0x200000 0x12
uffd wp A 16K
uffd unreg A 16K
gread 0x200000
gwrite 0x200000 0x11
