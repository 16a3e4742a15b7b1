"""The Python that has PyTorch, the peers and llama.cpp's client: tools/deps.sh bench; or that with trafilatura: extract."""

import os
import pathlib
import subprocess
import sys

from .base import ROOT


def enter(name="bench"):
    """Makes it when it is not there, and goes on in it with the same words."""
    python = subprocess.run([str(ROOT / "tools/deps.sh"), name], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    if os.path.realpath(sys.prefix) != os.path.realpath(pathlib.Path(python).parents[1]):
        os.execv(python, [python, *sys.argv])
