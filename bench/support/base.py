"""What benchmarks begin with: Twin, the shared data, a float32 base."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TWIN = pathlib.Path(os.environ.get("TWIN_BIN", ROOT / "build/release/twin")).resolve()
SHARED = pathlib.Path(os.environ.get("TWIN_SHARED_DATA", ROOT / "../shared/data")).resolve()


def twin(*words):
    subprocess.run([TWIN, "-q", *map(str, words)], check=True, stdout=subprocess.DEVNULL)


def float32_base(work):
    """The GGUF that the command line names, or else a tiny random one, as float32 in folder `work`."""
    source = sys.argv[1] if len(sys.argv) > 1 else None
    if not source:
        subprocess.run([TWIN.parent / "tests/tools/tiny_models", work], check=True)
        source = work / "tiny.gguf"
    twin("import", source, "--quantize", "F32", "--output", work / "base.gguf")
    return work / "base.gguf"
