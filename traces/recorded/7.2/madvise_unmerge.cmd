# MADV_UNMERGEABLE parts what KSM has merged
mmap A 64K anon
mmap B 64K anon
watch A+0x0
watch B+0x0
watch A+0x1000
slot 1 0x200000 A 64K
slot 2 0x300000 B 64K
hmem A 16K 0x5a
hmem B 16K 0x5a
gread 0x200000 n=2
gread 0x300000
madvise A 64K MERGEABLE
madvise B 64K MERGEABLE
ksm 3
gread 0x200000 n=4
gread 0x300000 n=4
madvise A 8K UNMERGEABLE
gread 0x200000 n=4
gwrite 0x201000 1
madvise A 64K UNMERGEABLE
gread 0x202000 n=2
maps A
madvise B 64K UNMERGEABLE
gread 0x300000 n=4
