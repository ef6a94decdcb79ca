lab alloc 0 comp 3 1
lab alloc 1 split 1 1
mmap D1 0x2000 dev:1
lab repoint 1 0 0 1
lab zap 1 0 1
lab ref 1 0 1
lab repoint 1 1 0 5
