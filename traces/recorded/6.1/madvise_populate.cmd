# MADV_POPULATE_READ, MADV_POPULATE_WRITE, MADV_WILLNEED
mmap A 64K anon
watch A+0x0
watch A+0x1000
watch A+0x4000
slot 1 0x200000 A 64K
madvise A 16K POPULATE_READ
gread 0x200000 n=2
madvise A 32K POPULATE_WRITE
gread 0x200000 n=2
gwrite 0x201000 4
madvise A 64K WILLNEED
mprotect A+0x8000 32K r
madvise A+0x8000 32K POPULATE_WRITE
madvise A+0x8000 32K POPULATE_READ
gread 0x208000
madvise A+0x8000 64K POPULATE_READ
mmap F 64K memfd
watch F+0x0
slot 2 0x300000 F 64K
madvise F 32K POPULATE_READ
gread 0x300000
madvise F 32K POPULATE_WRITE
gwrite 0x300000 4
madvise F 64K WILLNEED
lab alloc 0 nc 2
mmap D 16K dev:0
watch D+0x0
madvise D 16K POPULATE_READ
mmap N 16K anon prot=none
madvise N 16K POPULATE_READ
madvise A 16K POPULATE_WRITE
