mmap F 4M file:/thp/f1
watch F+0x0
watch F+0x1000
slot 1 0x200000 F 4M
gwrite 0x200000 0xa
gwrite 0x400000 0xb
lab drain
madvise F 4M COLD
madvise F 4M PAGEOUT
madvise F 4M PAGEOUT
gread 0x200000 n=4
gread 0x400000 n=4
mprotect F+0x200000 4K r
mprotect F+0x200000 4K rw
gwrite 0x400000 0xc n=4
madvise F+0x200000 2M PAGEOUT
madvise F+0x200000 2M PAGEOUT
gread 0x400000 n=4
