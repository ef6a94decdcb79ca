#!smp 2
mmap A 16K memfd
slot 1 0x200000 A 16K
watch A
watch A+0x1000
watch A+0x2000
gwrite 0x200000 0xa
gread 0x201000
uffd reg A 16K wp
gwrite 0x200000 0xb
gread 0x201000
uffd wp A 16K
gread 0x200000
gread 0x202000
gstart write 0x200000 0xc
uffd unwp A 4K dontwake
gwake A 16K
gstart write 0x202000 0xd
uffd unwp A+0x2000 4K dontwake
gwake A 16K
uffd wp A 16K
madvise A 4K DONTNEED
gread 0x200000
gstart write 0x200000 0xe
uffd unwp A 4K dontwake
gwake A 16K
uffd wp A 4K
punch A 0 4096
gread 0x200000
gstart write 0x200000 0xf
uffd unwp A 16K dontwake
gwake A 16K
uffd wp A 16K
uffd unreg A 16K
gwrite 0x200000 0x10
gwrite 0x203000 0x11
