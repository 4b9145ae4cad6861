"""The command as it is installed, in a process of its own."""

import subprocess
import sys
from pathlib import Path

COMMAND = str(Path(sys.executable).with_name("poreops"))
VOXEL = ["--voxel-size", "5e-6"]
QUICK = ["--method", "geometry", "--no-octants"]


def command(*arguments, **options):
    """Run it; what it printed and how it ended."""
    return subprocess.run(
        [COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False, **options
    )


def is_one_line(text):
    """Whether this is one clear line of what is wrong."""
    return text.startswith("error: ") and text.count("\n") == 1
