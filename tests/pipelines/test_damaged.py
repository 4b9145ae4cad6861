"""Killed, damaged, run twice at once, with a clock that went back: one plain repro heals.

The real DVC and the project's own stages of the cores line, with stubs in place of their work.
"""

import os
import re
import shutil
import signal
import subprocess
import time

import pytest
from stubbed import STUB, Stubbed, scripts_on_path

from poreops.base.files import read_yaml, sha256

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

# one of each kind: folders, what DVC must not remove, figures, a metric that git keeps
KILLED = ["cores_crops", "cores_train", "cores_register", "cores_scores", "cores_report"]
CROPS = "artifacts/cores/crops/train.h5"
# half of an out is there when the group of DVC and its stage is killed
DYING = STUB.replace(
    "number = int(", 'path.write_text("half")\n    if os.environ.get("STUB_DIES") == name:\n'
    "        os.killpg(0, 9)\n    number = int(",
)  # fmt: skip

FILLING = """\
stages:
  fill:
    cmd: python write.py
    deps: [write.py]
    outs: [large]
  measure:
    cmd: wc -c large > size
    deps: [large]
    outs: [size]
"""
WRITE = """\
import os
from poreops.base.files import replacing
with replacing("large") as path:
    path.write_bytes(os.urandom(1000) * int(os.environ["KILOBYTES"]))
"""


@pytest.fixture(scope="module")
def clone(project, tmp_path_factory):
    """What runs, and the digest of what a run that nobody disturbed leaves."""
    clone = Stubbed(project, tmp_path_factory.mktemp("damaged") / "clone", "cores_")
    (clone.folder / "stub.py").write_text(DYING)
    clone("dvc", "repro", "-q")
    clone.commit("what ran")
    clone.ran()
    clone.wanted = made(clone)
    return clone


@pytest.fixture
def disturbed(clone):
    """The clone; a test leaves in it what an undisturbed run leaves, and DVC agrees."""
    yield clone
    assert made(clone) == clone.wanted
    clone("dvc", "repro", "-q")
    assert clone.ran() == []


def made(clone):
    outs = [out for stage in clone.stages for out in clone.outs(stage)]
    return [(out, sha256(clone.folder / out)) for out in outs], clone.lock()


def repro(clone, *command, **environment):
    return subprocess.Popen(
        command or ("python", "pipelines/repro.py"), cwd=clone.folder, start_new_session=True,
        env=clone.environment() | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip


def end(process):
    """Exit status of a process, and what it said."""
    said = process.communicate()[0]
    return process.returncode, said


def start_anew(clone):
    """Forget everything that ran."""
    for name in ("artifacts", "mlflow/registered", ".dvc/cache", ".dvc/tmp", "dvc.lock"):
        path = clone.folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def test_a_kill_in_any_kind_of_stage_is_healed_by_the_next_run(disturbed):
    start_anew(disturbed)
    for stage in KILLED:
        killed, said = end(repro(disturbed, "dvc", "repro", "-q", STUB_DIES=stage))
        assert killed == -signal.SIGKILL, said
        lock = read_yaml(disturbed.folder / "dvc.lock") if stage != KILLED[0] else {"stages": {}}
        assert stage not in lock["stages"]  # nobody takes the half for what was made
    last, said = end(repro(disturbed, "dvc", "repro", "-q"))
    assert last == 0, said
    ran = disturbed.ran()
    assert set(ran) == set(disturbed.stages)
    assert len(ran) == len(set(ran))  # what was done is not done again


@pytest.mark.parametrize("name", [CROPS, "artifacts/cores/models/params.yaml"])
def test_other_bytes_in_an_artifact_are_not_taken_for_it(disturbed, name):
    content = bytearray((disturbed.folder / name).read_bytes())
    content[0] ^= 1
    (disturbed.folder / name).write_bytes(content)
    assert end(repro(disturbed, "dvc", "repro", "-q")) == (0, "")


def test_other_bytes_in_the_cache_are_not_restored(disturbed):
    (disturbed.folder / CROPS).unlink()
    lock = read_yaml(disturbed.folder / "dvc.lock")["stages"]["cores_train"]["deps"]
    (md5,) = [dep["md5"] for dep in lock if dep["path"] == CROPS]
    cached = disturbed.folder / ".dvc/cache/files/md5" / md5[:2] / md5[2:]
    cached.chmod(0o644)
    cached.write_text("other bytes")
    cached.chmod(0o444)  # as DVC leaves it, and then trusts it
    code, said = end(repro(disturbed))
    assert code == 0, said
    assert f"{cached.relative_to(disturbed.folder)} was damaged" in said
    # there is no registry here, so that its note is forgotten too
    assert set(disturbed.ran()) == {"cores_crops", "cores_register"}


def test_two_at_once_do_no_harm(disturbed):
    start_anew(disturbed)
    both = [repro(disturbed, "dvc", "repro", STUB_SECONDS="0.2") for _ in range(2)]
    for code, said in [end(process) for process in both]:
        # who came second is told so in one line
        assert code == 0 or re.search("lock|busy|blocked", said), said
    last, said = end(repro(disturbed, "dvc", "repro", "-q"))
    assert last == 0, said
    disturbed.ran()


def test_a_clock_that_went_back_hides_no_change(disturbed):
    """Files of the future are taken as they are; a change of the past is seen all the same."""
    future, past = time.time() + 1e8, 1e8
    for path in [
        *(disturbed.folder / "artifacts").rglob("*"),
        *(disturbed.folder / "data").rglob("*"),
    ]:
        os.utime(path, (future, future))
    disturbed("dvc", "repro", "-q")
    assert disturbed.ran() == []
    text = (disturbed.folder / CROPS).read_text()
    (disturbed.folder / CROPS).write_text(text[::-1])  # of the same length
    os.utime(disturbed.folder / CROPS, (past, past))
    disturbed("dvc", "repro", "-q")
    assert (disturbed.folder / CROPS).read_text() == text


@pytest.fixture
def small_disk(tmp_path):
    """A repository with two stages on a disk of 4 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a disk")
    (disk / "dvc.yaml").write_text(FILLING)
    (disk / "write.py").write_text(WRITE)
    for command in (["git", "init", "-q"], ["dvc", "init", "-q"]):
        subprocess.run(command, cwd=disk, env=scripts_on_path(), check=True)
    yield disk
    subprocess.run(["umount", disk], check=True)


# more than the disk has; no room to cache it
@pytest.mark.parametrize("kilobytes", [8000, 2200])
def test_what_a_full_disk_stopped_goes_on_when_there_is_room(small_disk, kilobytes):
    def repro():
        return subprocess.run(
            ["dvc", "repro"], cwd=small_disk, capture_output=True, text=True, check=False,
            env=scripts_on_path() | {"KILOBYTES": str(kilobytes)},
        )  # fmt: skip

    full = repro()
    assert full.returncode != 0
    assert "No space left on device" in full.stdout + full.stderr
    assert not (small_disk / "size").exists()
    remount = ["mount", "-o", "remount,size=64m", small_disk]
    subprocess.run(remount, check=True)
    healed = repro()
    assert healed.returncode == 0, healed.stderr
    assert (small_disk / "size").read_text().split()[0] == str(1000 * kilobytes)
    assert "Running stage" not in repro().stdout


def test_what_is_kept_outside_of_the_outs_has_a_test_that_kills(project):
    """DVC removes the outs of a killed stage; what else a stage leaves must be no trap."""
    tests = {
        "conductance/labels": "tests/pipelines/test_killed.py",
        "conductance/register": "tests/mlops/tracking/test_killed_registering.py",
        "conductance/search": "tests/mlops/test_search_goes_on.py",
        "conductance/train": "tests/conductance/learning/test_training.py",
        "cores/register": "tests/mlops/tracking/test_killed_registering.py",
        "cores/search": "tests/mlops/test_search_goes_on.py",
        "cores/train": "tests/cores/learning/test_training.py",
        "properties/register": "tests/mlops/tracking/test_killed_registering.py",
        "properties/rocks": "tests/pipelines/test_killed.py",
        "properties/search": "tests/pipelines/test_killed.py",
        "properties/train": "tests/properties/learning/test_killed.py",
    }
    keeping = {
        path.relative_to(project / "pipelines").with_suffix("").as_posix()
        for path in (project / "pipelines").glob("*/*.py")
        if "artifacts/.partial" in path.read_text()
    }
    assert keeping == set(tests)
    for name in set(tests.values()):
        assert "SIGKILL" in (project / name).read_text()
