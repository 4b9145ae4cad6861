"""How a run ends: full disks, signals, three at once, faults, what reaches standard output."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import porespy
import pytest
import tifffile
from tiny.cores import model

from poreops import cli

COMMAND = str(Path(sys.executable).with_name("poreops"))
VOXEL = ["--voxel-size", "5e-6"]
QUICK = ["--method", "geometry", "--no-octants"]


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    im = porespy.generators.overlapping_spheres((26, 24, 22), r=4, porosity=0.6, seed=1)
    path = tmp_path_factory.mktemp("image") / "rock.npy"
    np.save(path, im)
    return path


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    """An image that keeps a run busy until it is stopped."""
    im = porespy.generators.overlapping_spheres((44, 40, 36), r=6, porosity=0.6, seed=1)
    path = tmp_path_factory.mktemp("slow") / "large.npy"
    np.save(path, np.tile(im, (4, 4, 4)))
    return path


def command(*arguments, **options):
    return subprocess.run(
        [COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False, **options
    )


def from_a_terminal():
    """Heed the signals of a terminal, also where the tests run in the background of a shell."""
    for name in (signal.SIGINT, signal.SIGHUP):
        signal.signal(name, signal.SIG_DFL)


def started(*arguments, cwd, before=()):
    """Start a run and wait until its temporary folder is there."""
    process = subprocess.Popen(
        [*before, COMMAND, *map(str, arguments)], cwd=cwd, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=from_a_terminal,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not list(cwd.rglob(".*.part")):
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    return process


def is_one_line(text):
    return text.startswith("error: ") and text.count("\n") == 1


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_run_that_is_told_to_end_leaves_nothing(slow, tmp_path, name):
    number = getattr(signal, name)
    process = started("network", slow, *VOXEL, "-o", "deep/out", cwd=tmp_path)
    time.sleep(0.5)
    process.send_signal(number)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert out == ""
    assert list(tmp_path.iterdir()) == []


def test_nohup_is_heeded(slow, tmp_path):
    arguments = ["formation-factor", slow, "--no-octants", "--axis", "x", "-o", "out"]
    process = started(*arguments, cwd=tmp_path, before=["nohup"])
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=120)
    assert process.returncode == 0
    assert (tmp_path / "out" / "results.json").exists()


def test_what_a_killed_run_left_goes_with_the_next(slow, image, tmp_path):
    process = started("network", slow, *VOXEL, "-o", "out", cwd=tmp_path)
    process.kill()
    process.communicate()
    assert {path.suffix for path in tmp_path.iterdir()} == {".part", ".lock"}
    done = command("formation-factor", image, "--no-octants", "-o", tmp_path / "other")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_of_three_runs_at_once_one_wins_and_the_others_say_so(slow, tmp_path):
    arguments = [
        COMMAND,
        "formation-factor",
        str(slow),
        "--axis",
        "x",
        "--no-octants",
        "-o",
        "out",
    ]
    runs = [
        subprocess.Popen(
            arguments, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    ends = [(run.communicate(timeout=300), run.returncode) for run in runs]
    assert sorted(code for _, code in ends) == [0, 2, 2]
    for (out, error), code in ends:
        if code:
            assert out == ""
            assert is_one_line(error)
            assert "another one writes into out" in error
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert sorted(results["files"]) == sorted(path.name for path in (tmp_path / "out").iterdir())


def test_a_second_run_needs_leave_to_replace_the_first(image, tmp_path):
    out = tmp_path / "out"
    assert command("network", image, *VOXEL, *QUICK, "-o", out).returncode == 0
    (out / "notes.txt").write_text("mine")
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    done = command("formation-factor", image, "--no-octants", "-o", out)
    assert (done.returncode, done.stdout) == (2, "")
    assert is_one_line(done.stderr)
    assert "new or empty" in done.stderr
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    done = command("formation-factor", image, "--no-octants", "-o", out, "--overwrite")
    assert done.returncode == 0, done.stderr
    # the tables of the network are gone, the notes stay
    assert sorted(path.name for path in out.iterdir()) == [
        "manifest.json", "notes.txt", "results.json",
    ]  # fmt: skip


def test_two_cores_over_sixty(tmp_path, capsys):
    model().save(tmp_path / "model")
    given = ["generate", "--model", str(tmp_path / "model"), "-o", str(tmp_path / "cores")]
    assert cli.run([*given, "-n", "60"]) == 0
    assert cli.run([*given, "-n", "2"]) == 2
    assert len(list((tmp_path / "cores").glob("*.tif"))) == 60
    assert cli.run([*given, "-n", "2", "--overwrite"]) == 0
    names = [f"core_{number:04d}.tif" for number in range(2)]
    found = sorted(path.name for path in (tmp_path / "cores").iterdir())
    assert found == [*names, "manifest.json", "results.json"]
    for number, name in enumerate(names):
        core = tifffile.imread(tmp_path / "cores" / name)
        np.testing.assert_array_equal(core, model().generate(2)[number])


@pytest.fixture(scope="module")
def whole(image):
    """What a run prints that finds room for its folder, as JSON and as text."""
    return {
        more: command("formation-factor", image, "--no-octants", *more).stdout
        for more in ((), ("--json",))
    }


@pytest.mark.parametrize(("more", "existing"), [((), True), (("--json",), False)])
def test_a_full_disk_loses_no_number(image, whole, tmp_path, more, existing):
    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))

    if existing:
        (tmp_path / "out").mkdir()
    done = command(
        "formation-factor", image, "--no-octants", "-o", "out", *more, cwd=tmp_path,
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


def test_a_disk_that_is_really_full(image, tiny_disk):
    done = command("network", image, *VOXEL, *QUICK, "-o", tiny_disk / "out")
    assert done.returncode == 1
    assert "formation factor" in done.stdout
    assert is_one_line(done.stderr)
    assert "No space left on device" in done.stderr
    assert list(tiny_disk.iterdir()) == []


def test_a_reader_that_had_enough_does_not_stop_the_folder(image, tmp_path):
    line = f"{COMMAND} network {image} --voxel-size 5e-6 --method geometry -o out | true"
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


def test_standard_output_is_pure_json_whatever_frameworks_print(image):
    done = subprocess.run(
        [sys.executable, "-c", NOISE, "formation-factor", image, "--no-octants", "--json"],
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
def test_a_fault_of_ours_is_one_line_that_says_so(image, tmp_path, debug):
    done = subprocess.run(
        [sys.executable, "-c", FAULT, "formation-factor", image, "--no-octants", "-o", "out"],
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
def test_what_is_no_model_is_one_line(image, tmp_path, monkeypatch, capsys, uri, rule):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow/mlflow.db")
    for name in ("empty", "broken", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "broken" / "conductance.json").write_text("{")
    (tmp_path / "other" / "conductance.json").write_text("{}")
    for arguments in (
        ["network", str(image), *VOXEL, "-o", "out"],
        ["size-factors", str(image), *VOXEL],
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


def test_a_model_without_its_framework_is_one_line(image, tmp_path):
    model().save(tmp_path / "model")
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, "generate", "--model", "model", "-o", "out"],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert is_one_line(done.stderr)
    assert 'not installed (keras, tensorflow); pip install "poreops[cores]"' in done.stderr
    assert not (tmp_path / "out").exists()


def test_version_help_and_module(tmp_path):
    version = command("--version")
    assert version.stdout.startswith("poreops ")
    module = [sys.executable, "-m", "poreops"]
    again = subprocess.run([*module, "--version"], capture_output=True, text=True, check=True)
    assert again.stdout == version.stdout
    for name in ([], ["network"]):
        short, long = command(*name, "-h"), command(*name, "--help")
        assert short.returncode == long.returncode == 0
        assert short.stdout == long.stdout
        assert "--help" in short.stdout
    failed = subprocess.run(
        [*module, "check", "none.tif"], capture_output=True, text=True, check=False
    )
    assert failed.returncode == 2
    assert is_one_line(failed.stderr)
