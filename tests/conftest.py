"""Fixtures of the tests that run the program: tiny models, and a folder with posts."""

import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent / "support"))

from program import CONFIG, POSTS, TWIN, Twin  # noqa: E402


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """A cache folder whose models are tiny."""
    cache = tmp_path_factory.mktemp("cache")
    folder = cache / "twin" / "models"
    folder.mkdir(parents=True)
    subprocess.run([TWIN.parent / "tests/tools/tiny_models", folder], check=True)
    for name in ["bert", "bert-2"]:
        subprocess.run(
            [TWIN, "import", folder / name, "--output", folder / f"tiny-{name}.gguf", "-q"],
            check=True, env={**os.environ, "XDG_CACHE_HOME": str(cache)}, stdout=subprocess.DEVNULL,
        )
    return cache


@pytest.fixture
def twin(tmp_path, models):
    """A folder with eight posts, on tiny models; nothing was run in it yet."""
    t = Twin(tmp_path / "tess", models)
    t.dir.mkdir()
    t.write(POSTS)
    t.config(CONFIG)
    return t
