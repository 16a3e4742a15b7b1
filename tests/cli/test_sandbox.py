"""What strangers wrote is parsed in a process that can do little else, and that may die without harm."""

import ctypes
import functools
import http.server
import json
import os
import shutil
import signal
import sqlite3
import struct
import subprocess
import threading
import time

import pytest

from program import CONFIG, POSTS, TWIN

POSTS_DIR = "  - type: dir\n    path: posts\n"
LANDLOCK_CREATE_RULESET = 444  # on every processor
ENOSYS = 38


def configure(twin, source):
    twin.config(CONFIG.replace(POSTS_DIR, f"  - {source}\n"))


def documents(twin):
    return {d["key"]: d for d in twin.json("show", "documents", "--limit", "0")}


def outputs(r):
    return json.loads(r.stdout)["steps"][0]["outputs"]


def without_landlock():
    """As on a kernel that has none: the program's own call says that there is no such call."""
    libc = ctypes.CDLL(None, use_errno=True)
    code = b"".join(struct.pack("HBBI", *i) for i in (
        (0x20, 0, 0, 0),  # load the number of the call
        (0x15, 0, 1, LANDLOCK_CREATE_RULESET),
        (0x06, 0, 0, 0x00050000 | ENOSYS),
        (0x06, 0, 0, 0x7FFF0000),
    ))
    text = ctypes.create_string_buffer(code)
    program = struct.pack("HxxxxxxP", 4, ctypes.addressof(text))
    assert libc.prctl(38, 1, 0, 0, 0) == 0  # no new privileges
    assert libc.prctl(22, 2, ctypes.c_char_p(program), 0, 0) == 0


def test_a_kernel_with_less_is_told_once_and_everything_works(twin):
    twin.write({"walk.md": "# A walk\n\nAround the lake and back, with a stop for tea at the mill.\n"}, "notes")
    twin.config(CONFIG.replace(POSTS_DIR, POSTS_DIR + "  - {type: dir, path: notes}\n"))
    r = twin("collect", preexec_fn=without_landlock)
    assert r.stderr.count("this system lacks Landlock") == 1 and "seccomp" not in r.stderr
    assert set(documents(twin)) == {*POSTS, "walk.md"}
    page = "<html><body><main><p>Coil a rope with the lay, never against it, and hang it up.</p></main></body></html>"
    assert "lacks Landlock" in twin("extract", stdin=page, preexec_fn=without_landlock).stderr
    assert "lacks" not in twin("collect").stderr
    assert "lacks" not in twin("extract", stdin=page).stderr


def test_doctor_says_what_the_kernel_has(twin):
    def check(**more):
        r = subprocess.run([TWIN, "-C", twin.dir, "doctor", "--json"], env=twin.env, capture_output=True, text=True, **more)
        (found,) = [c for c in json.loads(r.stdout) if c["check"] == "sandbox"]
        return found

    assert check()["ok"] and "Landlock" in check()["found"]
    less = check(preexec_fn=without_landlock)
    assert not less["ok"] and "Landlock" in less["found"] and "seccomp" not in less["found"] and "Linux" in less["do"]


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as f:
            return [int(p) for p in f.read().split()]
    except OSError:
        return []


def runs(pid):
    """One that has ended may lie there until somebody asks for its status, which where there is no init is nobody."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def seconds_of(pid):
    """Of the processor."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except OSError:
        return 0


def large_page():
    return "<html><body>" + "".join(f"<p>Line {i} of a page, <b>with</b> a <a href='/{i}'>link</a>.</p>" for i in range(500000))


def kill_parser_when_busy(process, how, after=0.6):
    """Once it has worked for longer than small files take, so that it is at the large one."""
    while process.poll() is None:
        for child in children(process.pid):
            if seconds_of(child) > after:
                os.kill(child, how)
                return child
        time.sleep(0.01)
    pytest.fail(f"it was done before: {process.communicate()}")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV])
def test_a_page_that_kills_its_parser_costs_that_page(twin, how):
    configure(twin, "{type: dir, path: posts, max_size: 100000000}")
    twin.write({"page.html": "<html><body><p>It was short, when it was read for the first time.</p></body></html>"})
    twin("collect")
    before = documents(twin)
    twin.write({"page.html": large_page(), "new.md": "# New\n\nWritten after the page grew.\n",
                "zoo.md": "# Zoo\n\nRead after the page.\n"})
    process = twin.start("collect", "--json")
    kill_parser_when_busy(process, how)
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert f"page.html: its parser was ended by signal {int(how)} (" in err
    said = json.loads(out)["steps"][0]["outputs"]
    assert (said["new"], said["removed"], said["skipped"]) == (2, 0, 1)
    after = documents(twin)
    assert set(after) == {*before, "new.md", "zoo.md"}
    assert after["page.html"]["revision"] == 1
    # The next pass tries again, and it was the machine's fault.
    assert twin.json("collect")["steps"][0]["outputs"]["changed"] == 1
    assert documents(twin)["page.html"]["revision"] == 2


def test_an_export_that_kills_its_parser_loses_nothing(twin):
    """One file with everything in it: none of it can be told apart."""
    def mails(n):
        return "".join(
            f"From x Mon Jan  1 00:00:00 2024\nFrom: Tess <t@example.org>\nSubject: S {i}\nMessage-ID: <{i}@x>\n"
            f"Date: Mon, 01 Jan 2024 00:00:00 +0000\n\nMail number {i}, of many.\n\n" for i in range(n))

    (twin.dir / "all.mbox").write_text(mails(3))
    configure(twin, "{type: export, path: all.mbox, name: mail}")
    twin("collect")
    before = documents(twin)
    assert len(before) == 3
    (twin.dir / "all.mbox").write_text(mails(200000))
    process = twin.start("collect")
    kill_parser_when_busy(process, signal.SIGKILL, after=0.1)
    _, err = process.communicate()
    assert process.returncode == 1, err
    assert "its parser was ended by signal 9" in err and "all.mbox" in err
    now = documents(twin)
    assert all(now[key] == d for key, d in before.items())


def test_a_stop_ends_the_parser_too(twin):
    configure(twin, "{type: dir, path: posts, max_size: 100000000}")
    twin.write({"page.html": large_page()})
    process = twin.start("collect")
    while process.poll() is None and not children(process.pid):
        time.sleep(0.01)
    (child,) = children(process.pid)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1 and "stopped" in err
    assert not os.path.exists(f"/proc/{child}")


def test_when_the_program_is_killed_so_is_its_parser(twin):
    configure(twin, "{type: dir, path: posts, max_size: 100000000}")
    twin.write({"page.html": large_page()})
    process = twin.start("collect")
    while process.poll() is None and not children(process.pid):
        time.sleep(0.01)
    (child,) = children(process.pid)
    process.kill()
    process.communicate()
    for _ in range(500):
        if not runs(child):
            return
        time.sleep(0.02)
    pytest.fail("it is still there")


def test_what_is_no_json_in_the_store_breaks_no_json(twin):
    """A parser that was taken over may have said anything of a document."""
    twin("collect")
    db = sqlite3.connect(twin.dir / ".twin/features.db")
    (table,) = [t for (t,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
                if "extra" in [c[1] for c in db.execute(f"PRAGMA table_info({t})")]]
    db.execute(f"UPDATE {table} SET extra = ?", ('{}, "title": "forged"',))
    db.commit()
    db.close()
    for key, document in documents(twin).items():
        assert twin.json("show", "documents", key)["extra"] is None and document["title"] != "forged"


# --- what a source needs is there ---


def git(*args, cwd, **env):
    who = {"GIT_AUTHOR_NAME": "Tess", "GIT_AUTHOR_EMAIL": "t@example.org", "GIT_COMMITTER_NAME": "Tess", "GIT_COMMITTER_EMAIL": "t@example.org",
           "GIT_AUTHOR_DATE": "2019-05-04T10:00:00Z", "GIT_COMMITTER_DATE": "2019-05-04T10:00:00Z", "GIT_CONFIG_GLOBAL": "/dev/null"}
    subprocess.run(["git", *args], cwd=cwd, check=True, capture_output=True, env={**os.environ, **who, **env})


needs_git = pytest.mark.skipif(not shutil.which("git"), reason="no git program")


def dates(twin):
    return {twin.json("show", "documents", key)["created_ms"] // 86400000 for key in documents(twin)}


MAY_4_2019 = 18020  # days since 1970


@needs_git
def test_dates_come_from_a_repository_above_beside_or_behind_a_link(twin, tmp_path):
    repo = tmp_path / "repo"
    (repo / "site").mkdir(parents=True)
    shutil.copytree(twin.dir / "posts", repo / "site/posts")
    git("init", "-q", cwd=repo)
    git("add", ".", cwd=repo)
    git("commit", "-q", "-m", "all", cwd=repo)
    git("worktree", "add", "-q", tmp_path / "beside", cwd=repo)
    os.symlink(repo / "site", tmp_path / "link")
    for name, path in {"above": repo / "site/posts", "beside": tmp_path / "beside/site/posts", "linked": tmp_path / "link/posts"}.items():
        configure(twin, f"{{type: dir, name: {name}, path: {path}}}")
        r = twin("collect")
        assert set(documents(twin)) == set(POSTS), r.stderr
        assert dates(twin) == {MAY_4_2019}, (name, r.stderr)


@needs_git
def test_a_page_of_a_repository_that_killed_its_parser_is_tried_again(twin, tmp_path):
    """Though the repository is then as it was."""
    repo = tmp_path / "repo"
    repo.mkdir()
    git("init", "-q", cwd=repo)

    def commit(text):
        (repo / "page.html").write_text(text)
        git("add", ".", cwd=repo)
        git("commit", "-q", "-m", "page", cwd=repo)

    commit("<html><body><p>It was short, when it was read for the first time.</p></body></html>")
    configure(twin, f"{{type: git, url: '{repo}', max_size: 100000000}}")
    twin("collect")
    commit(large_page())
    process = twin.start("collect")
    kill_parser_when_busy(process, signal.SIGKILL)
    _, err = process.communicate()
    assert process.returncode == 0 and "its parser was ended" in err
    assert documents(twin)["page.html"]["revision"] == 1
    assert outputs(twin("collect", "--json"))["changed"] == 1
    assert documents(twin)["page.html"]["revision"] == 2


@needs_git
def test_a_clone_that_borrows_objects_is_read(twin, tmp_path):
    repo = tmp_path / "repo"
    shutil.copytree(twin.dir / "posts", repo)
    git("init", "-q", cwd=repo)
    git("add", ".", cwd=repo)
    git("commit", "-q", "-m", "all", cwd=repo)
    git("clone", "-q", "--shared", "--bare", repo, tmp_path / "shared.git", cwd=tmp_path)
    configure(twin, f"{{type: git, url: {tmp_path / 'shared.git'}}}")
    twin("collect")
    assert set(documents(twin)) == set(POSTS) and dates(twin) == {MAY_4_2019}


class GitServer(http.server.BaseHTTPRequestHandler):
    """git's smart HTTP by git's own program."""

    def answer(self):
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        env = {**os.environ, "GIT_PROJECT_ROOT": self.root, "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path, "QUERY_STRING": query,
               "REQUEST_METHOD": self.command, "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body))}
        out = subprocess.run(["git", "http-backend"], input=body, capture_output=True, env=env).stdout
        head, _, rest = out.partition(b"\r\n\r\n")
        lines = [line.split(": ", 1) for line in head.decode().split("\r\n")]
        self.send_response(int(dict(lines).get("Status", "200").split()[0]))
        for name, value in lines:
            if name != "Status":
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(rest)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


@needs_git
def test_a_remote_repository_is_cloned_through_the_program(twin, tmp_path):
    repo = tmp_path / "repo"
    shutil.copytree(twin.dir / "posts", repo)
    git("init", "-q", cwd=repo)
    git("add", ".", cwd=repo)
    git("commit", "-q", "-m", "all", cwd=repo)
    git("clone", "-q", "--bare", repo, tmp_path / "served/notes.git", cwd=tmp_path)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(type("S", (GitServer,), {"root": str(tmp_path / "served")})))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/notes.git"
        configure(twin, f"{{type: git, url: '{url}'}}")
        assert "loopback" in twin("collect", rc=1).stderr
        configure(twin, f"{{type: git, url: '{url}', allow_private: true}}")
        twin("collect")
        assert set(documents(twin)) == set(POSTS) and dates(twin) == {MAY_4_2019}
        assert outputs(twin("collect", "--json"))["unchanged"] == len(POSTS)
        assert "offline" in twin("collect", "--offline", rc=1).stderr
    finally:
        server.shutdown()
