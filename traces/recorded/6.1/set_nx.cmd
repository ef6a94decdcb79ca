mmap A 4M anon
madvise A 4M HUGEPAGE
hfill A 4M 4096 0xf4f4f4f4
slot 1 0x40000000 A 4M
gread 0x40000000
gexec 0x40200000
sysw /sys/module/kvm/parameters/nx_huge_pages Y
gread 0x40000000
gexec 0x40200000
gread 0x40201000
sysw /sys/module/kvm/parameters/nx_huge_pages Y
gread 0x40000000
sysw /sys/module/kvm/parameters/nx_huge_pages off
gexec 0x40000000
gread 0x40200000
sysw /sys/module/kvm/parameters/nx_huge_pages force
gwrite 0x40000000 7
sysw /sys/module/kvm/parameters/nx_huge_pages 0
slotdel 1
