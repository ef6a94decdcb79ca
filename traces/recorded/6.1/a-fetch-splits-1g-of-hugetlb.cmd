#!gigantic 1
sysw /sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages 1
mmap H 0x40000000 huge1g prot=rwx
watch H+0x0
watch H+0x1233000
watch H+0x1234000
watch H+0x1235000
watch H+0x11233000
watch H+0x31235000
hwrite H+0x1233000 0xf4f4f4f4
hwrite H+0x11233000 0xf4f4f4f4
slot 2 0x40000000 H+0x0 0x40000000
sysw /sys/module/kvm/parameters/nx_huge_pages Y
gwrite 0x41234000 0x7
gexec 0x41233000
gwrite 0x41235000 0x8
gexec 0x51233000
gwrite 0x71235000 0x9
