mmap A 4M file:/thp/h1
mmap B 4M file:/thp/h1 notrunc=1
watch A
watch A+0x5000
watch B+0x5000
slot 1 0x40000000 A 4M
slot 2 0x80000000 B 4M
gwrite 0x40000000 0xa
gread 0x80005000
kvm vmap 0x40001000
madvise A+0x5000 4K HWPOISON
gread 0x40005000
gread 0x80005000
kvm vunmap 0x40001000
madvise A+0x6000 4K HWPOISON
gread 0x40005000
gread 0x40006000
gwrite 0x40007000 1
madvise B+0x7000 4K SOFT_OFFLINE
gread 0x80007000
