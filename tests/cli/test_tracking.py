"""A training is shown on an MLflow server while it runs, and neither fails nor waits when there is none."""

import signal

import pytest

from mlflow_peer import MlflowPeer
from servers import settings


@pytest.fixture
def peer():
    p = MlflowPeer()
    yield p
    p.shutdown()


@pytest.fixture
def ready(twin):
    """All is there but the model."""
    for step in ["collect", "features", "dataset"]:
        twin(step)
    return twin


def train(twin, peer, *args, **more):
    return twin("train", *settings({"tracking.url": peer.url, **more.pop("sets", {})}), *args, **more)


def test_parameters_curves_and_the_end_reach_the_server(ready, peer):
    r = train(ready, peer)
    run = peer.only_run()
    assert run["status"] == "FINISHED" and run["name"].startswith("Tess ")
    assert run["params"]["rank"] == "2" and run["params"]["trainer"] == "native" and run["params"]["batch"] == "1"
    own = ready.json("show", "run")
    for name, points in own["metrics"].items():
        assert run["metrics"][name] == [tuple(p) for p in points], name
    assert {"loss", "valid_loss", "lr", "grad_norm", "tokens_per_s"} <= set(run["metrics"])
    assert run["tags"]["twin.dataset"] == own["inputs"]["dataset"] and run["tags"]["twin.base"] == own["inputs"]["base"]
    assert run["datasets"] == [own["inputs"]["dataset"][:36]]
    page = f"{peer.url}/#/experiments/1/runs/{run['info']['run_id']}"
    assert own["outputs"]["tracked"] == page and page in r.stderr
    assert peer.files == {} and peer.tokens == {None}


def test_the_adapter_goes_along_when_that_is_wanted(ready, peer):
    train(ready, peer, sets={"tracking.adapter": "true", "tracking.experiment": "sail & oar"})
    assert list(peer.experiments) == ["sail & oar"]
    ((path, data),) = peer.files.items()
    assert path == f"1/{peer.only_run()['info']['run_id']}/artifacts/adapter.gguf" and data[:4] == b"GGUF"


def test_a_token_is_sent_where_mlflow_keeps_it(ready, peer):
    ready.env["MLFLOW_TRACKING_TOKEN"] = "s3cret"
    r = train(ready, peer)
    assert peer.tokens == {"Bearer s3cret"} and "s3cret" not in r.stderr


def test_a_second_training_joins_the_experiment(ready, peer):
    train(ready, peer)
    train(ready, peer, sets={"training.rank": 3})
    assert peer.problems == [] and len(peer.experiments) == 1
    assert [r["params"]["rank"] for r in peer.runs.values()] == ["2", "3"]


def test_a_server_that_is_busy_is_warned_about_once_and_gets_everything_later(ready, peer):
    peer.busy = 1
    r = train(ready, peer)
    assert r.stderr.count("warning: tracking") == 1 and "503" in r.stderr
    run = peer.only_run()
    assert run["status"] == "FINISHED" and len(run["metrics"]["loss"]) == 4


def test_no_server_is_one_warning(ready):
    r = ready("train", *settings({"tracking.url": "http://127.0.0.1:9"}))
    assert r.stderr.count("warning: tracking: 127.0.0.1:9") == 1
    assert "tracked" not in ready.json("show", "run")["outputs"]


def test_what_ends_early_says_so(ready, peer):
    long = settings({"tracking.url": peer.url, "training.max_steps": 100000, "training.epochs": 1000})
    p = ready.start("train", *long)
    for line in p.stderr:
        if "tracked at" in line:
            break
    p.send_signal(signal.SIGINT)
    p.communicate(timeout=60)
    assert p.returncode == 1 and peer.only_run()["status"] == "KILLED"


def test_the_network_is_used_only_when_it_is_named_and_allowed(ready, peer):
    assert "127.0.0.1" not in ready("status", "--network").stdout
    assert peer.url[7:] in ready("status", "--network", "--set", f"tracking.url={peer.url}").stdout.split()
    train(ready, peer, "--offline")
    assert peer.tokens == set()
    ready("train", "--set", "training.rank=3", "--set", "tracking={tracker: none}")
    assert peer.tokens == set()
