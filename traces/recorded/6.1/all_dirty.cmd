mmap A 4M anon
cap 168 3
slot 1 0x10000000 A 4M log
dirtylog 1
gread 0x10000000
gwrite 0x10001000 7
cleardirty 1 0 1024
gwrite 0x10001000 8
gwrite 0x10002000 9
dirtylog 1
slot 1 0x10000000 A 4M
slot 1 0x20000000 A 4M
gread 0x20001000
slotdel 1
