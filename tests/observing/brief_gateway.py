"""A gateway set by its environment that ends soon: `brief_gateway GRACE_S --data-dir FOLDER`."""

import os
import sys
from dataclasses import replace
from pathlib import Path

from tollbridge.gateway.serve import run
from tollbridge.gateway.settings import read_settings

if __name__ == "__main__":
    grace_s, _, folder, *_ = sys.argv[1:]
    settings = read_settings(os.environ)
    run(replace(settings, data_dir=Path(folder), port=0, grace_s=int(grace_s)), demo=False)
