"""Bad input: a clear error, exit code 1, and nothing that was there is lost."""

import http.server
import os
import resource
import shutil
import signal
import subprocess
import threading

import pytest

from program import CONFIG, POSTS, TWIN


def keys(twin):
    return sorted(d["key"] for d in twin.json("show", "documents"))


def test_a_missing_model_is_named_with_advice(twin):
    twin.config(CONFIG.replace("tiny.gguf", "absent.gguf"))
    r = twin("run", rc=1)
    assert "absent.gguf" in r.stderr and "error:" in r.stderr
    assert keys(twin) == sorted(POSTS)  # what was collected before stays


def test_half_a_model_is_refused(twin, models):
    whole = (models / "twin/models/tiny.gguf").read_bytes()
    (twin.dir / "half.gguf").write_bytes(whole[: len(whole) // 2])
    twin.config(CONFIG.replace("tiny.gguf", "half.gguf"))
    r = twin("run", rc=1)
    assert "half.gguf" in r.stderr
    twin.config(CONFIG)
    twin("run")


def test_garbage_for_a_model_is_refused(twin):
    (twin.dir / "noise.gguf").write_bytes(os.urandom(100_000))
    twin.config(CONFIG.replace("tiny-bert.gguf", "noise.gguf"))
    assert "noise.gguf" in twin("run", rc=1).stderr


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="root reads everything")
def test_an_unreadable_file_is_reported_and_the_rest_collected(twin):
    (twin.dir / "posts/tea.md").chmod(0)
    words = [TWIN, "-C", twin.dir, "collect", "--json"]
    if os.geteuid() == 0:
        words = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *words]
    r = subprocess.run(words, env=twin.env, capture_output=True, text=True)
    assert r.returncode == 0, r.stderr
    assert "tea.md" in r.stderr
    assert keys(twin) == sorted(set(POSTS) - {"tea.md"})


def test_files_that_are_no_text_are_reported_and_skipped(twin):
    (twin.dir / "posts/photo.md").write_bytes(os.urandom(5000))
    (twin.dir / "posts/empty.md").write_text("")
    (twin.dir / "posts/front.md").write_text("---\ntitle: [unclosed\n---\nThe text under it, which is long enough.\n")
    r = twin("collect")
    assert "photo.md" in r.stderr
    assert set(POSTS) <= set(keys(twin))


class Broken(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_error(500)

    def log_message(self, *args):
        pass


@pytest.fixture
def broken_server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Broken)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_a_feed_that_answers_500_loses_nothing(twin, broken_server):
    twin("collect")
    twin.config(CONFIG.replace("models:", f"  - type: feed\n    url: {broken_server}/feed.xml\n    allow_private: true\nmodels:"))
    r = twin("collect", rc=1)
    assert "500" in r.stderr and "feed.xml" in r.stderr
    assert keys(twin) == sorted(POSTS)


def test_an_llm_server_that_answers_500_is_named(twin, broken_server):
    twin.config(CONFIG.replace("llama:tiny.gguf", f"openai:{broken_server}/v1#m"))
    twin("collect")
    r = twin("features", rc=1)
    assert "500" in r.stderr and broken_server.split("//")[1] in r.stderr


def limit(size):
    def set_limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return set_limit


@pytest.mark.parametrize("size", [20_000, 120_000, 300_000])
def test_a_full_disk_is_told_and_the_next_run_goes_on(twin, size):
    r = twin.start("run", preexec_fn=limit(size))
    out, err = r.communicate(timeout=120)
    assert r.returncode == 1, err
    assert "error:" in err
    twin("run")
    assert keys(twin) == sorted(POSTS)


def test_a_full_disk_behind_standard_output_is_told(twin):
    twin("collect")
    twin("features")
    with open("/dev/full", "w") as full:
        r = twin.start("export", "view", "chunks@v1", stdout=full)
        err = r.communicate()[1]
    assert r.returncode == 1 and "standard output" in err


def test_a_damaged_store_is_told(twin):
    twin("collect")
    db = twin.dir / ".twin/features.db"
    db.write_bytes(b"SQLite format 3\0" + os.urandom(20_000))
    r = twin("run", rc=1)
    assert "features.db" in r.stderr


def test_a_second_twin_in_the_same_folder_waits_its_turn(twin):
    twin("collect")
    import fcntl

    with open(twin.dir / ".twin/lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "another twin is at work" in twin("run", rc=1).stderr
        assert keys(twin) == sorted(POSTS)  # reading is free
    twin("collect")


def test_offline_refuses_the_network_and_says_so(twin, broken_server):
    twin.config(CONFIG.replace("models:", f"  - type: feed\n    url: {broken_server}/feed.xml\n    allow_private: true\nmodels:"))
    assert "offline" in twin("collect", "--offline", rc=1).stderr
    hosts = twin.json("status", "--network")
    assert hosts[0] == broken_server.split("//")[1]
