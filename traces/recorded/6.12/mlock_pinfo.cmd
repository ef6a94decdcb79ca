mmap A 64K anon
mlock A 64K
pinfo A+0x7000
slot 1 0x200000 A 64K
gread 0x204000
gread 0x207000
madvise A 4K DONTNEED
pinfo A+0x7000
