"""`training.device: cuda` through the program: on a stand-in for CUDA (tests/standin/) that runs the kernels on the CPU."""

import json

import pytest

from program import CONFIG, TWIN

STANDIN = TWIN.parent / "tests/standin"
GPU = ("--set", "training.device=cuda")
PAIRS = CONFIG.replace("questions: {share: 0.3}", "questions: {share: 0.3}\n  preferences: {share: 1}")
DPO = PAIRS.replace("training: {", "training: {method: dpo, ")


def prepare(twin, config=CONFIG):
    twin.config(config)
    for step in ("collect", "features", "dataset"):
        twin(step)
    return twin


@pytest.fixture
def ready(twin):
    return prepare(twin)


class Calls:
    """How often functions of the stand-in were called, and how often after one had failed (memory is given back even so)."""

    def __init__(self, log):
        rows = [line.split() for line in log.read_text().splitlines()] if log.exists() else []
        self.n = {name: int(n) for name, n, _ in rows}
        self.late = sum(int(late) for name, _, late in rows if name != "cudaFree")


def on_standin(twin, *args, rc=0, **env):
    """-> (what the program said, Calls)"""
    log = twin.dir / "calls"
    log.unlink(missing_ok=True)
    env = {"LD_LIBRARY_PATH": str(STANDIN), "CUDA_STANDIN_LOG": str(log), **env}
    twin.env.update(env)
    said = twin("train", *GPU, *args, rc=rc).stderr
    for name in env:
        del twin.env[name]
    return said, Calls(log)


def metrics(twin, *names):
    found = twin.json("show", "run")["metrics"]
    return [[value for _, value in found[name]] for name in names]


def test_a_training_comes_out_as_on_the_cpu(ready):
    ready("train", "--force")
    expected = metrics(ready, "loss", "grad_norm", "valid_loss")
    said, calls = on_standin(ready, "--force")
    assert "CUDA on a stand-in for a GPU" in said and calls.late == 0
    assert calls.n["cudaLaunchKernel"] > 200 and calls.n["cublasSgemm"] > 200
    got = metrics(ready, "loss", "grad_norm", "valid_loss")
    assert len(got[0]) == 4
    for ours, theirs in zip(got, expected, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-4)
    _, again = on_standin(ready, "--force")
    assert metrics(ready, "loss", "grad_norm", "valid_loss") == got and again.n == calls.n


def test_dpo_too(twin):
    prepare(twin, DPO)
    twin("train", "--force")
    expected = metrics(twin, "loss", "logps/chosen", "rewards/margins")
    on_standin(twin, "--force")
    got = metrics(twin, "loss", "logps/chosen", "rewards/margins")
    assert got[0] == pytest.approx(expected[0], rel=1e-5)
    assert got[1] == pytest.approx(expected[1], rel=1e-5)
    assert got[2] == pytest.approx(expected[2], abs=1e-4)


def test_where_it_is_trained_makes_no_other_version(ready):
    ready("train")
    said, calls = on_standin(ready)
    assert "model v1 is trained on this dataset" in said and not calls.n


@pytest.mark.parametrize("call", ["cublasSgemm", "cudaLaunchKernel", "cudaMemcpy"])
def test_when_the_gpu_fails_the_training_can_go_on_from_its_checkpoint(ready, call):
    other = ("--set", "training.seed=5")
    _, whole = on_standin(ready)
    middle = whole.n[call] * 85 // 100
    said, calls = on_standin(ready, *other, rc=1, CUDA_STANDIN_FAIL=f"{call}:{middle}")
    assert "the GPU failed (" in said and "goes on from its checkpoint" in said
    assert calls.n[call] == middle and calls.late == 0
    said = ready("train", *other).stderr  # on the CPU
    assert "going on after step" in said
    losses = metrics(ready, "loss")
    ready("train", "--force", *other)
    assert losses[0] == pytest.approx(metrics(ready, "loss")[0], rel=1e-4)


def test_without_a_gpu_it_says_why(ready, tmp_path):
    said, _ = on_standin(ready, rc=1, CUDA_STANDIN_DEVICES="0")
    assert "training.device: cuda: CUDA: there is no GPU" in said
    said, _ = on_standin(ready, rc=1, CUDA_STANDIN_WRONG="kernels")
    assert "computes wrong results on this machine (norms)" in said
    (tmp_path / "libtwin_cuda.so").write_text("This is no library, though as long as the header of one would be. " * 2)
    ready.env["LD_LIBRARY_PATH"] = str(tmp_path)
    assert "invalid ELF header" in ready("train", *GPU, rc=1).stderr


def test_what_it_lacks_is_wrong_use(ready):
    said = ready("train", *GPU, "--set", "training.use_dora=true", rc=2).stderr
    assert "training.device: cuda has nothing for training.use_dora" in said
    said = ready("train", *GPU, "--set", "training.precision=int16", rc=2).stderr
    assert "training.device: cuda has nothing for training.precision: int16" in said
    assert "cpu" in ready("train", "--set", "training.device=tpu", rc=2).stderr


def gpu_of(twin):
    out, _ = twin.start("doctor", "--json").communicate()  # whatever else it finds
    return {c["check"]: c["found"] for c in json.loads(out)}["training on a GPU"]


def test_doctor_says_whether_there_is_a_gpu(twin):
    twin.env.update(LD_LIBRARY_PATH=str(STANDIN))
    assert gpu_of(twin) == "CUDA on a stand-in for a GPU"
    twin.env.update(CUDA_STANDIN_DEVICES="3", OMPI_COMM_WORLD_LOCAL_RANK="4")  # as mpirun tells a rank
    assert gpu_of(twin) == "CUDA on a stand-in for a GPU1"
    twin.env.update(CUDA_STANDIN_DEVICES="0")
    assert gpu_of(twin).startswith("none: CUDA: there is no GPU")
