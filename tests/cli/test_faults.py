"""A fault, a full disk, what is no model: one line, and no number is lost."""

import json
import os
import resource
import subprocess
import sys
import time

import pytest
from installed import COMMAND, QUICK, VOXEL, command, is_one_line
from tiny.cores import model

from poreops import cli


@pytest.fixture(scope="module")
def whole(small):
    """What a run prints that finds room for its folder, as JSON and as text."""
    return {
        more: command("formation-factor", small, "--no-octants", *more).stdout
        for more in ((), ("--json",))
    }


@pytest.mark.parametrize(("more", "existing"), [((), True), (("--json",), False)])
def test_a_full_disk_loses_no_number(small, whole, tmp_path, more, existing):
    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))

    if existing:
        (tmp_path / "out").mkdir()
    done = command(
        "formation-factor", small, "--no-octants", "-o", "out", *more, cwd=tmp_path,
        preexec_fn=small_files,
    )  # fmt: skip
    assert done.returncode == 1
    assert is_one_line(done.stderr)
    assert "out was not written, the numbers above are complete" in done.stderr
    if more:
        assert json.loads(done.stdout)["axes"] == json.loads(whole[more])["axes"]
    else:
        assert done.stdout == whole[more]
    assert [path.name for path in tmp_path.rglob("*")] == ["out"] * existing


@pytest.fixture
def tiny_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("no right to mount a disk")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_disk_that_is_really_full(small, tiny_disk):
    done = command("network", small, *VOXEL, *QUICK, "-o", tiny_disk / "out")
    assert done.returncode == 1
    assert "formation factor" in done.stdout
    assert is_one_line(done.stderr)
    assert "No space left on device" in done.stderr
    assert list(tiny_disk.iterdir()) == []


def test_a_reader_that_had_enough_does_not_stop_the_folder(small, tmp_path):
    line = f"{COMMAND} network {small} --voxel-size 5e-6 --method geometry -o out | true"
    done = subprocess.run(
        ["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    deadline = time.monotonic() + 60
    while not (tmp_path / "out" / "results.json").exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)


NOISE = """
import ctypes, os, subprocess, sys
import poreops.solvers.diffusion.bulk as bulk
from poreops import cli
solve = bulk.formation_factor
def noisy(*arguments, **options):
    print("Downloading data from https://example.org")
    sys.stdout.write("from Python ")
    os.write(1, b"from the system ")
    ctypes.CDLL(None).puts(b"from C")
    subprocess.run(["echo", "from a child"])
    return solve(*arguments, **options)
bulk.formation_factor = noisy
sys.exit(cli.run(sys.argv[1:]))
"""


def test_standard_output_is_pure_json_whatever_frameworks_print(small):
    done = subprocess.run(
        [sys.executable, "-c", NOISE, "formation-factor", small, "--no-octants", "--json"],
        env={key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["command"] == "formation-factor"
    for text in ("Downloading", "from Python", "from the system", "from C", "from a child"):
        assert text in done.stderr


FAULT = """
import sys
import poreops.solvers.diffusion.bulk as bulk
from poreops import cli
def broken(*_, **__):
    raise ZeroDivisionError("division\\nby zero")
bulk.formation_factor = broken
sys.exit(cli.run(sys.argv[1:]))
"""


@pytest.mark.parametrize("debug", [False, True])
def test_a_fault_of_ours_is_one_line_that_says_so(small, tmp_path, debug):
    done = subprocess.run(
        [sys.executable, "-c", FAULT, "formation-factor", small, "--no-octants", "-o", "out"],
        capture_output=True, text=True, check=False, cwd=tmp_path,
        env=os.environ | ({"POREOPS_DEBUG": "1"} if debug else {}),
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    last = done.stderr.splitlines()[-1]
    assert last.startswith(
        "error: this is a fault of poreops, ZeroDivisionError: division by zero"
    )
    assert "POREOPS_DEBUG=1" in last
    assert ("Traceback" in done.stderr) is debug
    assert is_one_line(done.stderr) is not debug
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("uri", "rule"),
    [
        ("", "must be named, got an empty name"),
        (" ", "must be named, got an empty name"),
        ("http://x/y", "must be models:/NAME@ALIAS"),
        ("models:conductance", "must be models:/NAME@ALIAS"),
        ("models:/conductance@", "must be models:/NAME@ALIAS"),
        ("models:/conductance", "must be models:/NAME@ALIAS"),
        ("models:/@champion", "must be models:/NAME@ALIAS"),
        ("model:/conductance@champion", "must be models:/NAME@ALIAS"),
        ("models:/conductance/first", "must be models:/NAME@ALIAS"),
        ("models:/no-such-model@champion", "the MLflow store must exist"),
        ("models:/no-such-model/7", "the MLflow store must exist"),
        ("runs:/0123abcd/model", "the MLflow store must exist"),
        ("nowhere/model", "there is no folder nowhere/model"),
        ("empty", "must have its files"),
        ("broken", "must be JSON"),
        ("other", "must hold a conductance model"),
    ],
)
def test_what_is_no_model_is_one_line(small, tmp_path, monkeypatch, capsys, uri, rule):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow/mlflow.db")
    for name in ("empty", "broken", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "broken" / "conductance.json").write_text("{")
    (tmp_path / "other" / "conductance.json").write_text("{}")
    for arguments in (
        ["network", str(small), *VOXEL, "-o", "out"],
        ["size-factors", str(small), *VOXEL],
    ):
        code = cli.run([*arguments, "--model", uri])
        found = capsys.readouterr()
        assert (code, found.out) == (2, ""), found.err
        assert is_one_line(found.err)
        assert rule in found.err
    assert not (tmp_path / "out").exists()


WITHOUT = """
import sys
sys.modules["tensorflow"] = sys.modules["keras"] = None
from poreops import cli
sys.exit(cli.run(sys.argv[1:]))
"""


def test_a_model_without_its_framework_is_one_line(small, tmp_path):
    model().save(tmp_path / "model")
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, "generate", "--model", "model", "-o", "out"],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert is_one_line(done.stderr)
    assert 'not installed (keras, tensorflow); pip install "poreops[cores]"' in done.stderr
    assert not (tmp_path / "out").exists()
