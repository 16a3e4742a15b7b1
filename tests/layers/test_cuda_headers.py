"""Twin declares for itself what it calls of CUDA; where NVIDIA's headers are installed, they are asked whether that is right."""

import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLACES = [os.environ.get("CUDA_HOME", ""), os.environ.get("CUDA_PATH", ""), "/usr/local/cuda", "/usr/local", "/usr"]


@pytest.fixture
def compile():
    """Compiles text or a file together with NVIDIA's headers; returns what the compiler said against it."""
    cc = next((c for c in ("cc", "gcc", "clang") if shutil.which(c)), None)
    place = next((p for p in PLACES if p and pathlib.Path(p, "include/cublas_v2.h").exists()), None)
    if not cc or not place:
        pytest.skip("no headers of CUDA, or no compiler")

    def run(source, *more):
        source = source if isinstance(source, str) else source.read_text()
        r = subprocess.run(
            [cc, "-std=c11", "-D_GNU_SOURCE", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", f"-I{ROOT}/src",
             "-isystem", f"{place}/include", *more, "-x", "c", "-"],
            input=source, capture_output=True, text=True,
        )
        return r.stderr

    return run


def test_what_twin_declares_is_what_cuda_declares(compile):
    text = (ROOT / "tests/standin/cuda_headers.c").read_text()
    assert compile(text) == ""
    # and a difference would be seen
    assert "CUBLAS_OP_T" in compile(text.replace("(int)CUBLAS_OP_T", "(int)CUBLAS_OP_C"))
    assert "incompatible" in compile(text.replace("= cudaMemcpy2D", "= cudaMemcpy"))


def test_the_stand_in_has_the_types_of_what_it_stands_for(compile):
    headers = ["-Wno-enum-conversion", "-include", "cuda_runtime_api.h", "-include", "cublas_v2.h"]
    text = (ROOT / "tests/standin/cuda.c").read_text()
    assert compile(text, *headers) == ""
    assert "conflicting types" in compile(text.replace("unsigned cudaFree(void *at)", "unsigned cudaFree(int at)"), *headers)
    numbers = {
        "SUCCESS": "cudaSuccess", "INVALID_VALUE": "cudaErrorInvalidValue", "OUT_OF_MEMORY": "cudaErrorMemoryAllocation",
        "LOST": "cudaErrorLaunchFailure", "BLAS_INVALID_VALUE": "CUBLAS_STATUS_INVALID_VALUE",
        "BLAS_EXECUTION_FAILED": "CUBLAS_STATUS_EXECUTION_FAILED", "TO_DEVICE": "cudaMemcpyHostToDevice",
        "TO_HOST": "cudaMemcpyDeviceToHost",
    }  # fmt: skip
    asserts = "".join(f'_Static_assert((int){ours} == (int){theirs}, "{ours}");\n' for ours, theirs in numbers.items())
    assert compile(text + asserts, *headers) == ""
