#!smp 2
mmap A 16K anon
mmap B 16K anon
slot 1 0x200000 A 16K
watch A
watch A+0x1000
hwrite B 0xbeef
uffd reg A 16K missing,wp
uffd copy A 4K B wp
gread 0x200000
gstart write 0x200000 0xa
uffd unwp A 4K dontwake
gwake A 16K
uffd wp A 8K
madvise A 4K DONTNEED
gstart write 0x200000 0xb
uffd copy A 4K B+0x2000 dontwake
gwake A 16K
uffd wp A 4K
madvise A 4K PAGEOUT
clearrefs 1
uffd wp A 4K
movepage A 1
gread 0x200000
gstart write 0x200000 0xc
uffd unwp A 4K dontwake
gwake A 16K
fork
uffd wp A 4K
gstart write 0x200000 0xd
uffd unwp A 4K dontwake
gwake A 16K
cexit
