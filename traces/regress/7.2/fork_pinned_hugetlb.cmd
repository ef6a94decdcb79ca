sysw /proc/sys/vm/nr_hugepages 2
mmap H 0x200000 huge
watch H
slot 2 0x1000000 H 0x200000
gwrite 0x1001000 7
kvm vmap 0x1001000 knobs=0
fork
cwrite H 2
gwrite 0x1000000 3
kvm vunmap 0 knobs=0
cexit
