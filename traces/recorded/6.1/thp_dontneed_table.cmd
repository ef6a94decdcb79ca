mmap A 4M anon
madvise A 4M HUGEPAGE
watch A
watch A+0x2000
slot 1 0x200000 A 4M
gread 0x200000
madvise A+0x2000 4K DONTNEED
gread 0x202000
gread 0x201000
madvise A 2M DONTNEED
gread 0x202000
madvise A+0x2000 4K DONTNEED
gread 0x202000
madvise A+0x1000 4092K DONTNEED
gwrite 0x202000 0x1
