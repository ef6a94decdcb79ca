sysw /sys/module/kvm/parameters/eager_page_split N
mmap A 4M anon
madvise A 4M HUGEPAGE
hfill A 4M 4096 1
slot 1 0x40000000 A 4M
gwrite 0x40000000 2
gread 0x40200000
slot 1 0x40000000 A 4M log
gread 0x40001000
gwrite 0x40002000 3
gwrite 0x40201000 3
dirtylog 1
gwrite 0x40002000 4
dirtylog 1
slot 1 0x40000000 A 4M
cap 168 3
gwrite 0x40000000 5
gwrite 0x40200000 5
slot 1 0x40000000 A 4M log
gwrite 0x40005000 5
dirtylog 1
cleardirty 1 0 64
gwrite 0x40005000 6
gwrite 0x40080000 6
gwrite 0x40205000 6
cleardirty 1 512 128
gwrite 0x40205000 6
dirtylog 1
sysw /sys/module/kvm/parameters/eager_page_split Y
cleardirty 1 960 64
slot 1 0x40000000 A 4M
slotdel 1
