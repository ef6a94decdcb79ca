#!smp 2
mmap A 16K memfd
mmap B 16K anon
slot 1 0x200000 A 16K
watch A
watch A+0x1000
hwrite B 0xbeef
fwrite A 4096 7
uffd reg A 16K missing
gread 0x201000
gstart write 0x200000 0xa
uffd copy A 4K B dontwake
gwake A 16K
gstart read 0x202000
uffd zero A+0x2000 4K dontwake
gwake A 16K
uffd copy A 4K B
madvise A 4K DONTNEED
gread 0x200000
punch A 0 4096
gstart read 0x200000
uffd copy A 4K B dontwake
gwake A 16K
uffd unreg A 16K
