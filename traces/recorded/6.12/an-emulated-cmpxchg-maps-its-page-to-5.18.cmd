gwatch 0x102000
gwatch 0x200000
lab alloc 0 nc 2 1
lab mode 0 pfn
mmap D 0x4000 dev:0
watch D+0x0
watch D+0x2000
hread D+0x2000
start f until=emulate_access grmw 0x102000
start c slot 3 0x100000 D+0x0 0x4000
resume f
resume c
lab alloc 1 order0 0 1
lab mode 1 pfn
mmap E 0x1000 dev:1
watch E+0x0
hread E+0x0
start g until=emulate_access grmw 0x200000
start d slot 4 0x200000 E+0x0 0x1000 log
resume g
resume d
dirtylog 4
