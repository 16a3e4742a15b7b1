"""tools/run_tests.sh says what was skipped and why, and counts what a build machine must have as failed."""

import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

# What cmocka prints of three tests.
PROGRAM = """#!/bin/sh
echo '[==========] Running 3 test(s).'
echo 'skipped: missing: the model'
echo 'skipped: root reads everything'
echo '[==========] 3 test(s) run.'
echo '[  PASSED  ] 1 test(s).'
echo '[  SKIPPED ] 2 test(s), listed below:'
"""
PYTHON = """import pytest

def test_passes():
    pass

@pytest.mark.skipif(True, reason="missing: a browser")
@pytest.mark.parametrize("n", [1, 2])
def test_needs_a_browser(n):
    assert False
"""


def last_lines(tmp_path, **env):
    program, python = tmp_path / "test_x", tmp_path / "test_y.py"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    python.write_text(PYTHON)
    env = {**os.environ, "MODE": "release", "CI": "", **env}
    r = subprocess.run([ROOT / "tools/run_tests.sh", program, python], env=env, capture_output=True, text=True)
    return r.returncode, r.stdout.splitlines()


def test_skips_are_counted_with_their_reasons(tmp_path):
    rc, lines = last_lines(tmp_path)
    assert lines[-2:] == ["4 skipped", "2 passed, 0 failed"]
    assert [line.split(": ", 1)[1] for line in lines[-5:-2]] == [
        "missing: the model (1)", "root reads everything (1)", "missing: a browser (2)",
    ]
    assert rc == 0


@pytest.mark.parametrize("mode, failed", [("release", 3), ("asan", 0)])
def test_what_a_build_machine_must_have_is_failed_there(tmp_path, mode, failed):
    rc, lines = last_lines(tmp_path, CI="true", MODE=mode)
    assert lines[-2:] == ["4 skipped", f"2 passed, {failed} failed"]
    assert rc == (failed > 0)
