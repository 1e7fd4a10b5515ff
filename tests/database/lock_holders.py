"""Says whether another process holds SQLite's shared lock on a file: `lock_holders.py FILE`."""

import fcntl
import sys

SHARED_FIRST, SHARED_BYTES = 0x40000002, 510  # sqlite.org/src, os.h

if __name__ == "__main__":
    with open(sys.argv[1], "r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, SHARED_BYTES, SHARED_FIRST)
        except OSError:
            print("held", flush=True)
        else:
            print("free", flush=True)
