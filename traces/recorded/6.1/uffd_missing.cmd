#!smp 2
mmap A 16K anon
mmap B 16K anon
slot 1 0x200000 A 16K
watch A
watch A+0x1000
watch A+0x2000
hwrite B 0xbeef
uffd reg A 16K missing
gstart write 0x200000 0xa
uffd copy A 4K B dontwake
gwake A 16K
gread 0x200000
gstart read 0x201000
uffd zero A+0x1000 4K dontwake
gwake A+0x1000 4K
gwrite 0x201000 0xb
hstart read A+0x2000
uffd copy A+0x2000 4K B+0x3000 dontwake
gwake A 16K
gwrite 0x202000 0xc
uffd copy A 4K B
uffd zero A+0x2000 4K
uffd copy A 16K B
gstart read 0x203000
gwake A 16K
gread 0x200000 v=1
uffd zero A+0x3000 4K dontwake
gwake A 16K
uffd unreg A 16K
gwrite 0x203000 0xd
