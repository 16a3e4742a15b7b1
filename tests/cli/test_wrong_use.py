"""Wrong use: what is wrong, where, and what to do; exit code 2; nothing is touched."""

import subprocess

import pytest

from program import CONFIG, TWIN


@pytest.mark.parametrize(
    "words, message",
    [
        (["rnu"], 'unknown command "rnu"; did you mean "run"?'),
        (["run", "--fource"], "unknown option --fource"),
        (["run", "--if-new"], "--if-new needs a value"),
        (["run", "--if-new", "many"], "if_new"),
        (["run", "--if-new", "-1"], "if_new"),
        (["run", "-x"], "unknown option -x"),
        (["rollback", "abc"], "usage: twin rollback"),
        (["show", "run", "x"], "usage: twin show run"),
        (["show", "deployment", "x"], "usage: twin show deployment"),
        (["serve", "--address", "foo"], 'must be an IP address or localhost, not "foo"'),
        (["collect", "--set", "models.llm=gpt4"], '"gpt4" names no model'),
        (["ask"], "usage: twin ask"),
        (["show"], "usage: twin show"),
        (["show", "dreams"], "dreams"),
        (["forget"], "usage: twin forget"),
        (["run", "--set", "training"], "--set wants section.key=value"),
        (["run", "--set", "training.max_stepz=3"], 'did you mean "max_steps"?'),
        (["run", "--set", "training.max_steps=lots"], "max_steps"),
        (["run", "--set", "training.trainer=telepathy"], "unknown trainer"),
        (["run", "--set", "features.chunkz.max_tokens=3"], 'did you mean "chunks"?'),
        (["ask", "x", "--set", "retrieval.k=0"], "retrieval"),
        (["export", "dataset", "1", "--split", "tests"], "train|valid|test"),
    ],
)
def test_says_what_is_wrong(twin, words, message):
    r = twin(*words, rc=2)
    assert message in r.stderr
    assert r.stdout == ""


def test_without_words_shows_where_to_start():
    r = subprocess.run([TWIN], capture_output=True, text=True)
    assert r.returncode == 2 and "twin init" in r.stderr and r.stdout == ""


def test_help_of_every_command():
    usage = subprocess.run([TWIN, "help"], capture_output=True, text=True, check=True).stdout
    names = [line.split()[0] for line in usage.split("Commands:")[1].split("Options of")[0].splitlines() if line.strip()]
    assert len(names) == 22
    for name in names:
        text = subprocess.run([TWIN, "help", name], capture_output=True, text=True, check=True).stdout
        assert text.startswith(f"twin {name}")
        assert subprocess.run([TWIN, name, "--help"], capture_output=True, text=True, check=True).stdout == text


def test_options_are_written_with_dashes():
    def text(name):
        return subprocess.run([TWIN, "help", name], capture_output=True, text=True, check=True).stdout

    assert "--if-new " in text("run") and "--max-tokens " in text("ask") and "--no-store " in text("ask")
    assert "\n  max_tokens " in text("ask")  # the key of twin.yaml
    assert "--force" not in text("collect") and "--force" in text("train")


def test_no_folder_of_twin_says_to_init(tmp_path):
    r = subprocess.run([TWIN, "-C", tmp_path, "run"], capture_output=True, text=True)
    assert r.returncode != 0 and "twin init" in r.stderr


@pytest.mark.parametrize(
    "config, message",
    [
        (CONFIG.replace("training:", "trainnig:"), 'twin.yaml:11: unknown section "trainnig"; did you mean "training"?'),
        (CONFIG.replace("rank: 2", "ranc: 2"), "twin.yaml:11"),
        (CONFIG.replace("path: posts", "pth: posts"), "twin.yaml:4"),
        (CONFIG.replace("type: dir", "type: dri"), "dri"),
        (CONFIG.replace("llama:tiny.gguf", "gpt4"), 'twin.yaml:6: models.llm: "gpt4" names no model'),
        (CONFIG.replace("llama:tiny-bert.gguf", "bert"), 'twin.yaml:7: models.embedder: "bert" names no model'),
        (CONFIG + "serve: {port: 8117\n", "twin.yaml:14"),
        (CONFIG + "a:\n\tb: 1\n", "twin.yaml:14"),
        (CONFIG.replace("sources:", "answer: {}\n").replace("  - type: dir\n    path: posts\n", ""), "no sources"),
        ("just a sentence\n", "twin.yaml"),
        ("\x00\x01\x02", "twin.yaml"),
    ],
)
def test_a_bad_twin_yaml_names_its_line(twin, config, message):
    twin.config(config)
    r = twin("run", rc=2)
    assert message in r.stderr
    assert r.stdout == "" and not (twin.dir / ".twin").exists()


def test_init_never_overwrites(twin):
    before = (twin.dir / "twin.yaml").read_text()
    assert "is there already" in twin("init", twin.dir, rc=1).stderr
    assert (twin.dir / "twin.yaml").read_text() == before


def test_init_works_in_the_folder_that_is_named(tmp_path):
    def init(*words):
        subprocess.run([TWIN, *words], cwd=tmp_path, capture_output=True, check=True)

    init("-C", "a", "init", "--name", "Ann")
    init("-C", "a", "init", "b")
    init("init", "c")
    assert not (tmp_path / "twin.yaml").exists()
    assert all((tmp_path / dir / "twin.yaml").exists() for dir in ["a", "a/b", "c"])
