#!smp 2
#!env BUFKB=32768
lab alloc 0 order0 0 16
mmap D 4K dev:0
lab zap 0
