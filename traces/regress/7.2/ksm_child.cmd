mmap A 32K anon
watch A+0x3000
madvise A 32K MERGEABLE
hmem A 16K 0
fork
ksm 0
