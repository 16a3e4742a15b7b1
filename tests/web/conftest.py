"""What the tests of the server share: one small trained twin, and servers over it."""

import shutil

import pytest

from program import ROOT
from servers import SMALL, Peer, run, serving

POSTS = ["2021-03-14", "2021-09-19", "2022-01-16", "2024-08-04", "2025-02-16"]


@pytest.fixture(scope="session")
def twin_dir(tmp_path_factory):
    """A twin of five posts, trained for two steps and promoted."""
    folder = tmp_path_factory.mktemp("twin")
    (folder / "posts").mkdir()
    for name in POSTS:
        for post in (ROOT / "samples/mara").glob(name + "*.md"):
            shutil.copy(post, folder / "posts")
    run(folder, "init", "--name", "Mara Lindqvist", "--posts", "posts", str(folder))
    run(folder, "run", **SMALL)
    return folder


@pytest.fixture(scope="session")
def server(twin_dir):
    """The trained twin."""
    with serving(twin_dir) as s:
        yield s


@pytest.fixture(scope="session")
def peer():
    p = Peer()
    yield p
    p.shutdown()
    p.server_close()


@pytest.fixture(scope="session")
def scripted(twin_dir, peer):
    """The same texts, answered by the peer."""
    with serving(twin_dir, "--model", "base", **{"models.llm": peer.spec}) as s:
        yield s
