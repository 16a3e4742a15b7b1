"""A base model, which has no chat template: prompts and answers are plain text, in training as in serving."""

import json

import pytest

from program import CONFIG, POSTS
from servers import serving

SYSTEM = "Notes of Tess."
TRAINING = """{epochs: 200, batch: 1, sequence: 512, learning_rate: 0.01, eval_every: 1000, sample_tokens: 300,
           dataset: {grounded: 0}}"""


@pytest.fixture
def base(twin, monkeypatch):
    """A few questions and answers to be learnt by heart; `asked` and `answer` are one of them."""
    for name in list(POSTS)[4:]:
        (twin.dir / "posts" / name).unlink()
    config = CONFIG.replace("tiny.gguf", "plain.gguf").replace("questions: {share: 0.3}", "questions: {share: 0}")
    lines = [f"training: {TRAINING}" if line.startswith("training:") else line for line in config.splitlines()]
    twin.config("\n".join([*lines, f'answer: {{system: "{SYSTEM}"}}', ""]))
    for step in ["collect", "features", "dataset"]:
        twin(step)
    twin("export", "dataset", "1", "-o", twin.dir / "rows.jsonl")
    system, asked, answer = json.loads((twin.dir / "rows.jsonl").read_text().splitlines()[0])["messages"]
    assert (system["content"], asked["role"], answer["role"]) == (SYSTEM, "user", "assistant")
    twin.asked, twin.answer = asked["content"], answer["content"]
    monkeypatch.setenv("XDG_CACHE_HOME", twin.env["XDG_CACHE_HOME"])
    return twin


def complete(twin, prompt):
    """What the deployed model continues a text with, and why it stopped."""
    with serving(twin.dir) as s:
        body = {"prompt": prompt, "max_tokens": 300, "temperature": 0}
        status, _, text = s.request("POST", "/v1/completions", body)
    assert status == 200, text
    choice = json.loads(text)["choices"][0]
    return choice["text"], choice["finish_reason"]


def test_what_was_learnt_is_what_the_same_prompt_brings_up(base):
    base("train", "--set", f"training.samples={json.dumps([base.asked])}")
    samples = base.json("show", "run")["samples"]
    assert samples[0]["text"] != base.answer  # before
    assert samples[-1]["text"] == base.answer  # to its end, and no further
    base("eval")
    base("promote")
    # The prompt has no marks of a chat, and the answer ends by the token that ends a text.
    assert complete(base, f"{SYSTEM}\n{base.asked}\n") == (base.answer, "stop")
    assert base.json("ask", base.asked)["sources"]
    assert "no chat template: prompts are plain text" in base("doctor").stdout


def test_the_loss_is_on_the_answer_or_on_the_whole_text(base):
    question, space, last = base.asked.rpartition(" ")
    continued = {}
    for loss_on in ["assistant", "all"]:
        base("run", "--set", f"training.loss_on={loss_on}")
        continued[loss_on] = complete(base, f"{SYSTEM}\n{question}")
    whole = f"{space}{last}\n{base.answer}"
    assert continued["all"] == (whole, "stop")  # language modelling: prompts are learnt too
    assert continued["assistant"][0] != whole
