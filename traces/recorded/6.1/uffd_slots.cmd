#!smp 2
mmap A 16K anon
mmap B 16K anon
slot 1 0x200000 A 16K log
watch A
watch A+0x1000
hwrite B 0xbeef
uffd reg A 8K missing,wp
uffd reg A+0x4000 4K missing
uffd copy A 16K B
uffd copy A 8K B
gwrite 0x200000 0xa
uffd wp A 16K
uffd wp A 8K
gstart write 0x200000 0xb
uffd unwp A 8K dontwake
gwake A 16K
dirtylog 1
gwrite 0x203000 3
gread 0x200000
uffd unreg A 16K
