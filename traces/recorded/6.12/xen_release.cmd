mmap A 64K anon
hwrite A 1
watch A+0x0
slot 1 0x200000 A 64K
lab alloc 0 order0 0 2
lab mode 0 pfn
mmap D 8K dev:0
hwrite D 1
slot 2 0x400000 D 8K
xen 0x200000
madvise A 4K DONTNEED
xen off
xen 0x400000
xen off
