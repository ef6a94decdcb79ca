# mremap() of hugetlb
sysw /proc/sys/vm/nr_hugepages 4
mmap H 4M huge
mmap G 4M anon
mmap S 4M shhuge
watch H+0x0
watch G+0x0
slot 1 0x40000000 H 4M
slot 2 0x80000000 G 4M
gwrite 0x40000000 7
mremap H 4M G
gread 0x80000000
gwrite 0x80200000 8
gread 0x40000000
mremap G+0x1000 2M H
mremap G 2M H
gread 0x40000000
watch S+0x0
slot 3 0xc0000000 S 4M
gwrite 0xc0000000 9
mremap S 4M G+0x10000000
munmap H 2M
munmap G+0x200000 2M
