"""How a run ends: signals, a kill, three at once, a folder that is there."""

import json
import signal
import subprocess
import time

import numpy as np
import porespy
import pytest
import tifffile
from installed import COMMAND, QUICK, VOXEL, command, is_one_line
from tiny.cores import model

from poreops import cli


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    """An small that keeps a run busy until it is stopped."""
    im = porespy.generators.overlapping_spheres((44, 40, 36), r=6, porosity=0.6, seed=1)
    path = tmp_path_factory.mktemp("slow") / "large.npy"
    np.save(path, np.tile(im, (4, 4, 4)))
    return path


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


def test_what_a_killed_run_left_goes_with_the_next(slow, small, tmp_path):
    process = started("network", slow, *VOXEL, "-o", "out", cwd=tmp_path)
    process.kill()
    process.communicate()
    assert {path.suffix for path in tmp_path.iterdir()} == {".part", ".lock"}
    done = command("formation-factor", small, "--no-octants", "-o", tmp_path / "other")
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


def test_a_second_run_needs_leave_to_replace_the_first(small, tmp_path):
    out = tmp_path / "out"
    assert command("network", small, *VOXEL, *QUICK, "-o", out).returncode == 0
    (out / "notes.txt").write_text("mine")
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    done = command("formation-factor", small, "--no-octants", "-o", out)
    assert (done.returncode, done.stdout) == (2, "")
    assert is_one_line(done.stderr)
    assert "new or empty" in done.stderr
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    done = command("formation-factor", small, "--no-octants", "-o", out, "--overwrite")
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
