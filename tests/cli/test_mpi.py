"""Training on several ranks by MPI: the same curve as on one, and what happens when ranks die."""

import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest

from program import CONFIG, ROOT, TWIN

TWIN_MPI = TWIN.with_name("twin-mpi")
MPIRUN = ["mpirun", "--oversubscribe", "--bind-to", "none"]
# Relative, of every metric at every step: sums over ranks round otherwise than sums over rows. Measured: at most 6e-7.
TOLERANCE = 1e-5

if not TWIN_MPI.exists() or not shutil.which("mpirun"):
    pytest.skip("missing: Open MPI (tools/deps.sh mpi)", allow_module_level=True)


def config(training, features=""):
    text = CONFIG.replace("training: {max_steps: 4, batch: 1, sequence: 512, rank: 2}", f"training: {{{training}}}")
    return text.replace("  checks: {min_words: 3}", f"  checks: {{min_words: 3}}\n{features}")


SFT = "epochs: 100, max_steps: 12, batch: 4, sequence: 256, rank: 4, eval_every: 5, checkpoint_every: 1"
PAIRS = "  preferences: {share: 1}"


def environment(twin):
    allow = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    return {**twin.env, **allow, "TMPDIR": "/tmp"}  # its sockets' paths must be short


def start(twin, ranks, *args, program=TWIN_MPI):
    command = [*MPIRUN, "-n", str(ranks), program, "-C", twin.dir, *args]
    return subprocess.Popen(
        command, env=environment(twin), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )


def end(process):
    """-> (exit code, what it said)"""
    out, err = process.communicate(timeout=100)
    return process.returncode, out + err


def train(twin, ranks):
    code, said = end(start(twin, ranks, "train"))
    assert code == 0, said
    return said


@pytest.fixture
def prepared(twin):
    """prepared(config): all that comes before training. The state can be had back by again()."""

    def prepare(text):
        for post in sorted((ROOT / "samples/mara").glob("202*.md"))[:12]:
            shutil.copy(post, twin.dir / "posts")
        twin.config(text)
        for step in ["collect", "features", "dataset"]:
            twin(step)
        shutil.copytree(twin.dir / ".twin", twin.dir.parent / "before")

    return prepare


def again(twin):
    shutil.rmtree(twin.dir / ".twin")
    shutil.copytree(twin.dir.parent / "before", twin.dir / ".twin")


def curves(twin):
    """{metric: [values by step]} of the newest training."""
    metrics = twin.json("show", "run")["metrics"]
    return {name: dict(points) for name, points in metrics.items() if name not in ("tokens_per_s", "sample_seconds")}


def adapter(twin):
    return twin.json("show", "models")[0]["adapter"]


def assert_close(a, b):
    assert a.keys() == b.keys()
    for name in a:
        assert a[name].keys() == b[name].keys()
        for step, value in a[name].items():
            scale = max(1, abs(value))
            assert abs(value - b[name][step]) <= TOLERANCE * scale, (name, step, value, b[name][step])


def processes(twin):
    """{rank: pid} of the twins that work in the folder."""
    found = {}
    for p in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if str(twin.dir) not in (p / "cmdline").read_text() or (p / "exe").resolve().name != TWIN_MPI.name:
                continue
            env = dict(x.split("=", 1) for x in (p / "environ").read_text().split("\0") if "=" in x)
            found[int(env["OMPI_COMM_WORLD_RANK"])] = int(p.name)
        except (OSError, KeyError):
            pass
    return found


def checkpoints(twin):
    return sorted(int(p.name.split(".")[1]) for p in (twin.dir / ".twin/train").glob("*/*.checkpoint"))


def wait_for_checkpoint(twin, process, step):
    while not any(s >= step for s in checkpoints(twin)):
        assert process.poll() is None, end(process)
        time.sleep(0.005)


@pytest.mark.parametrize(
    "training, features",
    [
        (SFT, ""),
        (SFT + ", lora_dropout: 0.3", ""),
        (SFT + ", neftune_noise_alpha: 5, label_smoothing: 0.1", ""),
        (SFT + ", use_rslora: true, optim: adafactor, targets: [q_proj, down_proj]", ""),
        (SFT + ", method: dpo, learning_rate: 1e-3", PAIRS),
    ],
    ids=["sft", "dropout", "neftune", "options", "dpo"],
)
def test_ranks_give_the_curve_of_one_rank_with_the_same_batch(twin, prepared, training, features):
    prepared(config(training, features))
    twin("train")
    alone = curves(twin)
    assert len(alone["loss"]) == 12 and len(set(alone["loss"].values())) > 6
    for ranks in [2, 3]:  # four rows: 2 + 2, and 1 + 1 + 2
        again(twin)
        said = train(twin, ranks)
        assert f"{ranks} ranks by Open MPI" in said
        assert_close(alone, curves(twin))


def test_ranks_learn_the_same_on_gpus(twin, prepared):
    gpu = ["--set", "training.device=cuda"]
    prepared(config(SFT + ", lora_dropout: 0.3"))
    twin.env["LD_LIBRARY_PATH"] = str(TWIN.parent / "tests/standin")  # no GPU, but its kernels
    twin("train", *gpu)
    alone = curves(twin)
    again(twin)
    code, said = end(start(twin, 2, "train", *gpu))
    assert code == 0 and "CUDA on a stand-in for a GPU" in said, said
    assert_close(alone, curves(twin))
    again(twin)
    twin.env["CUDA_STANDIN_FAIL"] = "cublasSgemmStridedBatched:300"
    code, said = end(start(twin, 2, "train", *gpu))
    assert code != 0 and "the GPU failed (" in said, said


def test_the_same_ranks_give_the_same_bytes_and_more_ranks_than_rows_work(twin, prepared):
    prepared(config(SFT.replace("batch: 4", "batch: 2")))
    train(twin, 3)
    first = adapter(twin)
    again(twin)
    train(twin, 3)
    assert adapter(twin) == first


def test_a_killed_rank_ends_the_job_and_any_number_of_ranks_goes_on(twin, prepared):
    prepared(config(SFT.replace("max_steps: 12", "max_steps: 60").replace("eval_every: 5", "eval_every: 20")))
    twin("train")
    alone = curves(twin)
    again(twin)
    for lost, ranks in [(1, 2), (2, 3), (0, 2)]:
        p = start(twin, ranks, "train")
        wait_for_checkpoint(twin, p, max(checkpoints(twin), default=0) + 8)
        os.kill(processes(twin)[lost], signal.SIGKILL)
        code, said = end(p)
        assert code != 0
        assert f"rank {lost}" in said, said  # of rank 0, mpirun alone can tell
        if lost > 0:
            assert f"rank {lost} (process " in said and "is saved; the same command goes on from it" in said, said
    resumed = max(checkpoints(twin))
    assert "going on after step %d of 60" % resumed in twin("train").stderr
    assert_close(alone, curves(twin))


@pytest.mark.parametrize("to", ["mpirun", "rank 0", "rank 1"])
def test_a_stop_leaves_a_checkpoint_and_no_process(twin, prepared, to):
    prepared(config(SFT.replace("max_steps: 12", "max_steps: 4000").replace("eval_every: 5", "eval_every: 4000")))
    p = start(twin, 2, "train")
    wait_for_checkpoint(twin, p, 3)
    os.kill(p.pid if to == "mpirun" else processes(twin)[int(to[-1])], signal.SIGTERM)
    code, said = end(p)
    assert code != 0
    assert "is saved; the same command goes on from it" in said, said
    assert checkpoints(twin) and not processes(twin)


def test_rank_0_alone_reads_words_and_talks(twin):
    code, said = end(start(twin, 3, "--version"))
    assert code == 0 and said.count("twin ") == 1
    code, said = end(start(twin, 2, "doctor"))
    assert code == 0 and said.count("Open MPI") == 1


def test_without_mpi_a_second_rank_says_so(twin, prepared):
    prepared(config(SFT))
    code, said = end(start(twin, 2, "train", program=TWIN.with_name("twin")))
    assert code != 0 and "built without MPI" in said and "make MPI=1" in said
    assert "not built in" in twin("doctor").stdout


@pytest.mark.parametrize("there", ["nothing", "another"])
def test_a_base_that_a_rank_does_not_have_is_named(twin, prepared, there):
    """Each rank reads the base by itself, at the same path: here one that depends on the rank's folder."""
    base = pathlib.Path(twin.env["XDG_CACHE_HOME"]) / "twin/models/tiny.gguf"
    here, other = twin.dir.parent / "here", twin.dir.parent / "other"
    here.mkdir()
    other.mkdir()
    shutil.copy(base, here)
    if there == "another":
        data = bytearray(base.read_bytes())
        data[-1] ^= 1
        (other / base.name).write_bytes(data)
    prepared(config(SFT).replace("llama:tiny.gguf", f"llama:{base}"))
    set_base = ["--set", "models.llm=llama:/proc/self/cwd/tiny.gguf"]
    rank = [TWIN_MPI, "-C", twin.dir, "train", *set_base]
    command = [*MPIRUN, "-wdir", here, "-n", "1", *rank, ":", "-wdir", other, "-n", "1", *rank]
    r = subprocess.run(command, env=environment(twin), capture_output=True, text=True, timeout=100)
    assert r.returncode != 0 and "rank 1 (on " in r.stderr and "/proc/self/cwd/tiny.gguf" in r.stderr, r.stderr
    assert ("is another file than rank 0's" in r.stderr) == (there == "another"), r.stderr
