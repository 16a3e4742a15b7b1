"""TWIN_GEMM=cuda through the program: on a stand-in for CUDA's libraries (tests/standin/cuda.c), which is no GPU."""

import json

import pytest

from program import CONFIG, TWIN

STANDIN = TWIN.parent / "tests/standin"
WIDE = CONFIG.replace("tiny.gguf", "wide.gguf")
CHECKS = 8  # products that are computed before it is used


@pytest.fixture
def ready(twin):
    twin.config(WIDE)
    for step in ("collect", "features", "dataset"):
        twin(step)
    return twin


def train(twin, **env):
    """-> (loss of each step, what the program said)"""
    twin.env.update(env)
    said = twin("train", "--force").stderr
    for name in env:
        del twin.env[name]
    losses = [value for _, value in twin.json("show", "run")["metrics"]["loss"]]
    assert len(losses) == 4
    return losses, said


def on_standin(twin, **more):
    """The same, and {name of a function: how often it was called}."""
    log = twin.dir / "calls"
    losses, said = train(twin, TWIN_GEMM="cuda", LD_LIBRARY_PATH=str(STANDIN), CUDA_STANDIN_LOG=str(log), **more)
    return losses, said, {name: int(n) for name, n, _ in map(str.split, log.read_text().splitlines())}


def test_a_training_comes_out_as_on_the_cpu(ready):
    expected, _ = train(ready, TWIN_GEMM="reference")
    losses, said, calls = on_standin(ready)
    assert losses == pytest.approx(expected, rel=1e-4)
    assert calls["cublasSgemm_v2"] > CHECKS + 4
    assert "GPU failed" not in said
    again, _, same = on_standin(ready)
    assert again == losses and same == calls


def test_when_the_gpu_fails_the_training_goes_on(ready):
    expected, _ = train(ready, TWIN_GEMM="reference")
    losses, said, calls = on_standin(ready, CUDA_STANDIN_FAIL=f"cublasSgemm_v2:{CHECKS + 3}")
    assert losses == pytest.approx(expected, rel=1e-4)
    assert calls["cublasSgemm_v2"] == CHECKS + 3
    assert said.count("the GPU failed (cublasSgemm: CUBLAS_STATUS_EXECUTION_FAILED)") == 1


def test_without_cuda_it_warns_and_trains_on_the_cpu(ready, tmp_path):
    expected, _ = train(ready)
    none = tmp_path / "none"
    none.mkdir()
    for name in ("libcudart.so", "libcublas.so"):
        for version in ("", ".12", ".13"):  # hide those that the machine may have
            (none / (name + version)).write_text("This is no library, though as long as the header of one would be. " * 2)
    losses, said = train(ready, TWIN_GEMM="cuda", LD_LIBRARY_PATH=str(none))
    assert losses == expected
    assert said.count("TWIN_GEMM=cuda can't be used") == 1 and "CUDA 12 or 13 is not installed" in said


def matrix_products(twin):
    out, _ = twin.start("doctor", "--json").communicate()  # whatever else it finds
    return {c["check"]: c["found"] for c in json.loads(out)}["matrix products"]


def test_doctor_says_what_computes(twin):
    assert "cuBLAS" not in matrix_products(twin)
    twin.env.update(TWIN_GEMM="cuda", LD_LIBRARY_PATH=str(STANDIN))
    assert "cuBLAS and " in matrix_products(twin)
