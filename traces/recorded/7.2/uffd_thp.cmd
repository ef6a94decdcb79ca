#!smp 2
mmap A 4M anon
madvise A 4M HUGEPAGE
slot 1 0x40000000 A 4M
watch A
watch A+0x1000
watch A+0x200000
hwrite A 0xa
gwrite 0x40000000 0xb
uffd reg A 4M wp
uffd wp A 2M
gread 0x40000000
gstart write 0x40000000 0xc
uffd unwp A 2M dontwake
gwake A 4M
uffd wp A+0x1000 4K
gstart write 0x40001000 0xd
uffd unwp A+0x1000 4K dontwake
gwake A 4M
gwrite 0x40200000 0xe
uffd unreg A+0x1000 4K
uffd unreg A 4M
uffd reg A 4M missing
madvise A 4M DONTNEED
gstart write 0x40000000 0xf
uffd zero A 4K dontwake
gwake A 4M
uffd unreg A 4M
gwrite 0x40001000 0x10
