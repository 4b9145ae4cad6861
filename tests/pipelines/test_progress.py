"""`make repro` says what each stage took, and changes nothing else that DVC does."""

import hashlib
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parents[2] / "pipelines/repro.py"
PARAMS = "a: 1\n"
OWN = hashlib.sha256(PARAMS.encode()).hexdigest()[:16]
DVC_YAML = """\
stages:
  first:
    cmd: echo one > first && echo heard
    deps: [params.yaml]
    outs: [first]
  second:
    cmd: sh second.sh && cp first second
    deps: [first, second.sh]
    outs: [second]
  third:
    cmd: cp second third
    deps: [second]
    outs: [third]
"""


@pytest.fixture
def project(tmp_path):
    """A DVC project of three stages."""
    for command in (["git", "init", "-q"], ["dvc", "init", "-q"]):
        subprocess.run(command, cwd=tmp_path, env=environment(), check=True)
    (tmp_path / "dvc.yaml").write_text(DVC_YAML)
    (tmp_path / "params.yaml").write_text(PARAMS)
    (tmp_path / "second.sh").write_text("true\n")
    return tmp_path


def environment(**changes):
    kept = {k: v for k, v in os.environ.items() if k != "CI" and not k.startswith("DVC_")}
    scripts = str(Path(sys.executable).parent)
    path = f"{scripts}{os.pathsep}{kept['PATH']}"
    return kept | {"PATH": path, "DVC_NO_ANALYTICS": "1"} | changes


class Terminal:
    """The script with a terminal of its own to write to."""

    def __init__(self, folder, **changes):
        self.screen, end = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, SCRIPT], cwd=folder, env=environment(**changes), stdout=end,
            stderr=end, start_new_session=True,
        )  # fmt: skip
        os.close(end)
        self.text = ""

    def read(self, until=None):
        """What it writes, up to some text or to its end."""
        while until is None or until not in self.text:
            try:
                piece = os.read(self.screen, 4096)
            except OSError:  # so a terminal ends that nobody writes to
                piece = b""
            if not piece:
                break
            self.text += piece.decode()
        return self.text

    def status(self):
        self.read()
        os.close(self.screen)
        return self.process.wait(timeout=300)

    def said(self):
        return re.findall(r"^(\[\d/3\] .*?)\r?$", self.text, flags=re.MULTILINE)


def kept(project):
    return json.loads((project / ".dvc/tmp/stage_seconds.json").read_text())


def test_each_stage_gets_its_line_and_the_next_run_knows_its_time(project):
    (project / "second.sh").write_text("sleep 1.2\n")
    terminal = Terminal(project)
    assert terminal.status() == 0
    first, second, third = terminal.said()
    assert re.fullmatch(r"\[1/3\] first  \d s · about \d+ s left", first)
    assert re.fullmatch(r"\[2/3\] second  [1-9] s · about 10 s left", second)
    assert re.fullmatch(r"\[3/3\] third  \d s", third)
    lines = terminal.text.splitlines()
    # what DVC and the stages write is there, in its order
    order = [lines.index(x) for x in ("Running stage 'first':", "heard", first)]
    assert order == sorted(order)
    assert lines.index("Running stage 'second':") > order[-1]
    times = kept(project)[OWN]
    assert set(times) == {"first", "second", "third"}
    assert times["second"] >= 1.2
    assert (project / "third").read_text() == "one\n"

    # nothing changed: nothing is said, and no time is lost
    terminal = Terminal(project)
    assert terminal.status() == 0
    assert terminal.said() == []
    assert terminal.text.count("didn't change, skipping") == 3
    assert kept(project)[OWN] == times

    # what may be skipped is a bound; other parameters have times of their own
    (project / "second.sh").write_text("sleep 0.1\n")
    (project / ".dvc/tmp/stage_seconds.json").write_text(
        json.dumps({"other": {"third": 7000}, OWN: times | {"third": 400}})
    )
    terminal = Terminal(project)
    assert terminal.status() == 0
    assert [re.sub(r"  \d+ s", "", line) for line in terminal.said()] == [
        "[2/3] second · at most 7 min left"
    ]
    assert kept(project)["other"] == {"third": 7000}


@pytest.mark.parametrize("ci", ["true", "1"])
def test_under_ci_there_is_the_output_of_dvc_alone(project, ci):
    terminal = Terminal(project, CI=ci)
    assert terminal.status() == 0
    assert terminal.said() == []
    assert "Running stage 'third':" in terminal.text
    assert not (project / ".dvc/tmp/stage_seconds.json").exists()


def test_in_a_pipe_there_is_the_output_of_dvc_alone(project):
    plain = project.parent / "plain"
    shutil.copytree(project, plain)
    done = subprocess.run(
        [sys.executable, SCRIPT], cwd=project, env=environment(), capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    expected = subprocess.run(
        ["dvc", "repro"], cwd=plain, env=environment(), capture_output=True, text=True, check=True
    )
    # DVC names the files to be added in any order
    assert sorted(done.stdout.split()) == sorted(expected.stdout.split())
    assert "Running stage 'third':" in done.stdout


def test_a_stage_that_fails_ends_as_dvc_does(project):
    (project / "second.sh").write_text("exit 3\n")
    terminal = Terminal(project)
    assert (
        terminal.status()
        == subprocess.run(
            ["dvc", "repro"], cwd=project, env=environment(), capture_output=True, check=False
        ).returncode
        != 0
    )
    assert [line.split()[1] for line in terminal.said()] == ["first"]
    assert "failed to reproduce 'second'" in terminal.text
    assert set(kept(project)[OWN]) == {"first"}


def test_a_broken_pipeline_is_explained_by_dvc(project):
    (project / "dvc.yaml").write_text("stages: [1\n")
    terminal = Terminal(project)
    assert terminal.status() != 0
    assert "dvc.yaml' is invalid" in terminal.text
    assert "Traceback" not in terminal.text


def test_ctrl_c_reaches_dvc_which_leaves_no_lock(project):
    # not `echo begun; sleep`: a shell may lose a signal between its fork and the sleep
    begun = "import signal, time; signal.signal(2, signal.SIG_DFL); print('begun', flush=True)"
    (project / "second.sh").write_text(f'exec python -c "{begun}; time.sleep(600)"\n')
    terminal = Terminal(project)
    assert "begun" in terminal.read(until="begun")
    os.killpg(terminal.process.pid, signal.SIGINT)  # as a terminal does
    ending = threading.Timer(120, os.killpg, (terminal.process.pid, signal.SIGKILL))
    ending.start()
    assert terminal.status() not in (0, -signal.SIGKILL)
    ending.cancel()
    assert [line.split()[1] for line in terminal.said()] == ["first"]
    assert "Traceback" not in terminal.text
    (project / "second.sh").write_text("true\n")
    again = Terminal(project)
    assert again.status() == 0, again.text
    assert "didn't change, skipping" in again.text
    assert [line.split()[1] for line in again.said()] == ["second", "third"]


def test_make_hands_on_the_stages_that_are_named():
    command = ["make", "-n", "repro", "STAGES=second third"]
    told = subprocess.run(
        command, cwd=SCRIPT.parents[1], capture_output=True, text=True, check=True
    ).stdout
    assert "pipelines/repro.py -j 1 second third ||" in told
