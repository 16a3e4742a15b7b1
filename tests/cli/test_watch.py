"""`twin collect --watch`: documents and features follow the folders."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from program import CONFIG, POSTS


class Watcher:
    """The program, and what it has said so far."""

    def __init__(self, twin, *args):
        self.twin, self.said, self.reports = twin, [], []
        self.process = twin.start("collect", "--watch", "--json", *args)
        threads = [(self.process.stderr, self.said.append), (self.process.stdout, lambda x: self.reports.append(json.loads(x)))]
        for pipe, take in threads:
            threading.Thread(target=lambda p=pipe, t=take: [t(line) for line in p], daemon=True).start()

    def wait(self, question, seconds=60):
        """Until the question has an answer that is true; what it is."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert self.process.poll() is None, "".join(self.said)
            if answer := question():
                return answer
            time.sleep(0.05)
        raise AssertionError(f"it did not happen in {seconds} s\n" + "".join(self.said))

    def steps(self, name):
        return [r["steps"][-1] for r in list(self.reports) if r["steps"][-1]["step"] == name]

    def followed(self, n):
        """Both steps have been reported for the n-th time."""
        return self.wait(lambda: len(self.steps("collect")) >= n and len(self.steps("features")) >= n)


@contextlib.contextmanager
def watching(twin, *args):
    w = Watcher(twin, *args)
    try:
        yield w
        w.process.send_signal(signal.SIGTERM)
        assert w.process.wait(20) == 0, "".join(w.said)
    finally:
        if w.process.poll() is None:
            w.process.kill()


@pytest.fixture
def posts(twin):
    twin.write(POSTS)
    return twin


def keys(twin):
    return {d["key"]: (d["id"], d["revision"]) for d in twin.json("show", "documents")}


def finds(twin, words):
    return [p["key"] for p in twin.json("search", words)]


def test_edits_renames_and_removals_are_followed(posts):
    with watching(posts) as w:
        w.followed(1)
        before = keys(posts)
        (posts.dir / "posts/tea.md").write_text(POSTS["tea.md"] + "\nA samovar keeps it hot the whole zeppelin afternoon.\n")
        w.followed(2)
        assert keys(posts)["tea.md"] == (before["tea.md"][0], 2) and finds(posts, "samovar zeppelin")[0] == "tea.md"
        os.rename(posts.dir / "posts/bread.md", posts.dir / "posts/loaf.md")
        w.wait(lambda: "loaf.md" in keys(posts))
        assert keys(posts)["loaf.md"][0] == before["bread.md"][0]
        (posts.dir / "posts/saws.md").unlink()
        w.wait(lambda: "saws.md" not in keys(posts))
        w.wait(lambda: "saws.md" not in finds(posts, "clamp the blade and count the strokes"))


def test_new_folders_and_what_is_handed_in_are_followed(posts):
    with watching(posts) as w:
        w.followed(1)
        (posts.dir / "posts/2020/deep").mkdir(parents=True)
        (posts.dir / "posts/2020/deep/rain.md").write_text("# Rain\n\nIt fell the whole day and the whole night.\n")
        w.wait(lambda: "2020/deep/rain.md" in keys(posts))
        (posts.dir / "posts/2020/deep/snow.md").write_text("# Snow\n\nIt fell the whole week and then it stayed.\n")
        w.wait(lambda: "2020/deep/snow.md" in keys(posts))
        made = posts.json("add", "-", stdin="# Hail\n\nIt fell for a minute, and the glass was gone.\n")
        w.wait(lambda: made["key"] in keys(posts))
        posts.json("add", "-", stdin="# Fog\n\nIt never fell, it came up from the river.\n")
        w.wait(lambda: any(k.startswith("fog") for k in keys(posts)))


def test_a_new_source_is_followed_and_a_broken_file_survived(posts):
    with watching(posts) as w:
        w.followed(1)
        posts.write({"rain.md": "# Rain\n\nIt fell the whole day and the whole night.\n"}, "notes")
        posts.config("sources: [")
        w.wait(lambda: "twin.yaml" in "".join(w.said))
        posts.config(CONFIG.replace("sources:\n", "sources:\n  - {type: dir, path: notes}\n"))
        w.wait(lambda: "rain.md" in keys(posts))
        (posts.dir / "notes/rain.md").write_text("# Rain\n\nIt stopped at noon, when nobody looked.\n")
        w.wait(lambda: keys(posts)["rain.md"][1] == 2)


def test_nothing_is_done_while_nothing_changes(posts):
    with watching(posts) as w:
        w.followed(1)
        cpu = lambda: sum(map(int, open(f"/proc/{w.process.pid}/stat").read().split()[13:17]))  # noqa: E731
        time.sleep(1)  # its own last look
        start = cpu()
        for name in [".hidden.md.swp", ".git"]:  # what editors and git do on the side
            (posts.dir / "posts" / name).write_text("x")
        time.sleep(2)
        assert cpu() - start <= 5  # ticks of 10 ms, children included
        assert len(w.steps("collect")) == 1


def watched(pid):
    """The inodes that the process watches."""
    inodes = set()
    for info in Path(f"/proc/{pid}/fdinfo").iterdir():
        with contextlib.suppress(FileNotFoundError):
            inodes |= {int(x.split("ino:")[1].split()[0], 16) for x in info.read_text().splitlines() if x.startswith("inotify")}
    return inodes


def test_what_is_excluded_is_not_watched(posts):
    posts.config(CONFIG.replace("path: posts\n", "path: posts\n    exclude: [drafts/, '**/old/*']\n"))
    for folder in ["drafts/deep", "kept/old"]:
        (posts.dir / "posts" / folder).mkdir(parents=True)
    posts.write({"soup.md": "# Soup\n\nIt has to stand for a day, says everybody.\n"}, "posts/drafts/deep")
    posts.write({"stew.md": "# Stew\n\nIt has to stand for two days, says nobody.\n"}, "posts/kept/old")
    ino = lambda name: (posts.dir / "posts" / name).stat().st_ino  # noqa: E731
    with watching(posts) as w:
        w.followed(1)
        assert {ino("."), ino("kept"), ino("kept/old")} <= (seen := watched(w.process.pid))
        assert not {ino("drafts"), ino("drafts/deep")} & seen
        (posts.dir / "posts/drafts/deep/soup.md").write_text("# Soup\n\nIt has to stand for a week.\n")
        (posts.dir / "posts/kept/rain.md").write_text("# Rain\n\nIt fell the whole day and the whole night.\n")
        w.wait(lambda: "kept/rain.md" in keys(posts))
        assert not any("soup" in k or "stew" in k for k in keys(posts))
        posts.config(CONFIG)
        w.wait(lambda: "drafts/deep/soup.md" in keys(posts) and "kept/old/stew.md" in keys(posts))
        (posts.dir / "posts/drafts/deep/soup.md").write_text("# Soup\n\nIt has to stand for a year.\n")
        w.wait(lambda: keys(posts)["drafts/deep/soup.md"][1] == 2)


def test_what_another_twin_collects_gets_features_too(posts):
    with watching(posts) as w:
        w.followed(1)
        w.process.send_signal(signal.SIGSTOP)  # so that the other one comes first
        posts.write({"rain.md": "# Rain\n\nIt fell the whole day, and the gutters sang.\n"})
        posts("collect")
        w.process.send_signal(signal.SIGCONT)
        w.wait(lambda: "rain.md" in finds(posts, "the gutters sang"))


def test_a_program_that_is_replaced_goes_on(posts, monkeypatch):
    import program

    copy = posts.dir / "twin-copy"
    shutil.copy(program.TWIN, copy)
    monkeypatch.setattr(program, "TWIN", copy)
    with watching(posts) as w:
        w.followed(1)
        shutil.copy(copy, posts.dir / "twin-new")
        os.replace(posts.dir / "twin-new", copy)
        posts.write({"rain.md": "# Rain\n\nIt fell the whole day and the whole night.\n"})
        w.wait(lambda: "rain.md" in keys(posts))


def test_it_waits_for_another_twin(posts):
    posts("collect")
    held = subprocess.Popen(["flock", posts.dir / ".twin/lock", "sleep", "60"])
    try:
        while subprocess.run(["flock", "-n", posts.dir / ".twin/lock", "true"]).returncode == 0:
            time.sleep(0.05)
        with watching(posts) as w:
            w.wait(lambda: "waiting for it" in "".join(w.said))
            posts.write({"rain.md": "# Rain\n\nIt fell the whole day and the whole night.\n"})
            subprocess.run(["pkill", "-P", str(held.pid)])
            held.wait()
            w.wait(lambda: "rain.md" in keys(posts))
    finally:
        held.kill()


def test_a_folder_that_goes_and_comes_back(posts):
    with watching(posts, "--every", "1") as w:
        w.followed(1)
        shutil.move(posts.dir / "posts", posts.dir / "away")
        w.wait(lambda: "posts" in "".join(w.said))
        assert "tea.md" in keys(posts)
        shutil.move(posts.dir / "away", posts.dir / "posts")
        (posts.dir / "posts/rain.md").write_text("# Rain\n\nIt fell the whole day and the whole night.\n")
        w.wait(lambda: "rain.md" in keys(posts))
        assert "tea.md" in keys(posts)
