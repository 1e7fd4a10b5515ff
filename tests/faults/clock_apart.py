"""A gateway on a machine whose clock is wrong: `clock_apart SECONDS --data-dir FOLDER --port 0`."""

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

from tollbridge.gateway.serve import run
from tollbridge.gateway.settings import read_settings

if __name__ == "__main__":
    ahead_s, _, folder, *_ = sys.argv[1:]
    ahead_ns, right_ns, right_s = int(ahead_s) * 10**9, time.time_ns, time.time
    time.time_ns = lambda: right_ns() + ahead_ns
    time.time = lambda: right_s() + int(ahead_s)
    run(replace(read_settings(os.environ), data_dir=Path(folder), port=0), demo=False)
