mmap A 64K anon
slot 1 0x200000 A 64K
gvmsave 0x201000
watch A+0x1000
gvmload 0x202000
gvmsave 0x201000
