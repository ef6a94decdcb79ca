lab alloc 0 order0 0 1
lab ref 0 0 -1
lab free 0
lab alloc 1 nc 2 1
lab ref 1 1 1
lab free 1
