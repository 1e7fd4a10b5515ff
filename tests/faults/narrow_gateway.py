"""A gateway that may open few files: `narrow_gateway FILES --data-dir FOLDER --port 0`."""

import os
import resource
import sys
from dataclasses import replace
from pathlib import Path

from tollbridge.gateway.serve import run
from tollbridge.gateway.settings import read_settings

if __name__ == "__main__":
    files, _, folder, *_ = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_NOFILE, (int(files), int(files)))
    run(replace(read_settings(os.environ), data_dir=Path(folder), port=0), demo=False)
