#!smp 2
mmap A 16K anon
slot 1 0x200000 A 16K
watch A
watch A+0x1000
gwrite 0x200000 0xa
uffd reg A 16K wp,unpopulated
uffd wp A 16K
gstart write 0x200000 0xb
uffd unwp A 4K dontwake
gwake A 16K
gstart write 0x201000 0xc
uffd unwp A+0x1000 4K dontwake
gwake A 16K
gread 0x202000
gstart write 0x202000 0xd
uffd unwp A 16K dontwake
gwake A 16K
uffd wp A 16K
madvise A 8K DONTNEED
gwrite 0x200000 0xe
uffd unreg A 16K
gwrite 0x203000 0x11
