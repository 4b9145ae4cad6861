"""`dvc repro` in one process whose loop over the stages runs several at once.

DVC lets go of its lock while the command of a stage runs, and holds it while it decides, hashes
and writes. So does each stage here, in a thread of its own: one of them is in DVC at a time, the
others compute or wait. What is skipped, restored, saved and written is up to DVC's own code. In
the end dvc.lock has its stages in the order in which one at a time would have put them: the same
bytes.
"""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from waves import Graph, side_by_side

if TYPE_CHECKING:
    from dvc.lock import LockBase
    from dvc.repo import Repo
    from dvc.stage import Stage
    from networkx import DiGraph

LOCK = Path("dvc.lock")

_writing = threading.Lock()


class Turns:
    """DVC's lock for several threads; stands in for ``repo.lock``.

    DVC forgets what it has read of the repository after it lets go of its lock. Another thread
    may read again by then: here it forgets before.
    """

    def __init__(self, lock: "LockBase", forget: Callable[[], None]) -> None:
        self._lock, self._forget, self._turn = lock, forget, threading.Lock()
        self._whose = 0

    def lock(self) -> None:
        """Wait until no other thread and no other process is in DVC."""
        self._turn.acquire()
        try:
            self._lock.lock()
        except BaseException:
            self._turn.release()
            raise
        self._whose = threading.get_ident()

    def unlock(self) -> None:
        """Let the next one in."""
        if self._whose != threading.get_ident():
            return  # it went wrong to take it again after a command, on a full disk say
        try:
            self._forget()
            self._lock.unlock()
        finally:
            self._whose = 0
            self._turn.release()

    @property
    def is_locked(self) -> bool:
        """Whether one is in DVC."""
        return self._lock.is_locked

    def __enter__(self) -> None:
        self.lock()

    def __exit__(self, *_: object) -> None:
        self.unlock()


@contextmanager
def taking_turns(repo: "Repo") -> Iterator[None]:
    """Let go of the lock that this thread holds; within, any thread takes it by ``repo.lock``."""
    held = repo.lock
    repo._reset()
    held.unlock()
    vars(repo).update(lock=Turns(held, repo._reset), _reset=lambda: None)
    try:
        yield
    finally:
        del vars(repo)["_reset"]
        repo.lock = held
        held.lock()


class Commands:
    """Runs the commands of stages; lines begin with the name of the stage.

    Attributes
    ----------
    cores : stage → processes that it may use
    stopped : nothing more starts
    """

    def __init__(self) -> None:
        self.cores: dict[str, int] = {}
        self.stopped = False
        self._signal: int | None = None
        self._running: set[subprocess.Popen[str]] = set()

    def __call__(self, executable: str | None, command: str, **options: Any) -> None:
        """Run one, as ``dvc.stage.run._run`` does."""
        from dvc.stage.exceptions import StageCmdFailedError
        from dvc.stage.run import _make_cmd

        environment = options["env"]
        name = environment["DVC_STAGE"]
        environment.setdefault("POREOPS_WORKERS", str(self.cores[name]))
        # without a terminal Python would keep what a stage prints until the stage ends
        environment["PYTHONUNBUFFERED"] = "1"
        if self.stopped:
            raise StageCmdFailedError(command)
        # a group of its own: a signal for the shell would not reach what the shell has started
        process = subprocess.Popen(
            _make_cmd(executable, command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", process_group=0, **options,
        )  # fmt: skip
        self._running.add(process)
        if self._signal is not None:  # one that came while it began
            pass_on(process, self._signal)
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip():
                say(f"{name} | {line.rstrip()}")
        status = process.wait()
        self._running.discard(process)
        if status:
            raise StageCmdFailedError(command, status)

    def stop(self, number: int, _: FrameType | None) -> None:
        """Handle a signal: nothing more starts, and what runs is told."""
        self.stopped, self._signal = True, number
        for process in list(self._running):
            pass_on(process, number)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Stop in order by Ctrl-C and `kill`."""
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        for number in before:
            signal.signal(number, self.stop)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def pass_on(process: "subprocess.Popen[str]", number: int) -> None:
    """Send a signal to a command and to all that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def say(line: str) -> None:
    """Write a whole line at once."""
    with _writing:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def reproduce(
    jobs: int,
    targets: Iterable[str],
    seconds: Mapping[str, float],
    ended: Callable[[str, float], None] = lambda *_: None,
) -> int:
    """Run `dvc repro` with several stages at once; return its exit status.

    Parameters
    ----------
    jobs : how many stages run at once
    targets : stages to come to; all by default
    seconds : stage → what it may take, of those that are known
    ended : told each stage that ended well and its seconds
    """
    import dvc.repo.reproduce
    import dvc.stage.run
    from dvc.cli import main

    commands = Commands()
    dvc.stage.run._run = commands
    dvc.repo.reproduce._reproduce = Loop(jobs, seconds, ended, commands)
    # otherwise DVC gives up after 3 s, also after a stage that took an hour
    return int(main(["--wait-for-lock", "repro", *targets]))


@dataclass(frozen=True)
class Loop:
    """Stands in for ``dvc.repo.reproduce._reproduce``, the loop over the stages.

    Parameters
    ----------
    jobs, seconds, ended : see `reproduce`
    commands : runs those of the stages
    """

    jobs: int
    seconds: Mapping[str, float]
    ended: Callable[[str, float], None]
    commands: Commands

    def __call__(self, stages: "list[Stage]", graph: "DiGraph", **options: Any) -> "list[Stage]":
        """Reproduce stages, what they need before them; return those that changed."""
        from dvc.exceptions import ReproductionError

        if not stages:
            return []
        for name in ("on_error", "force_downstream"):  # they are for the loop, not for a stage
            options.pop(name, None)
        found = {stage.addressing: stage for stage in stages}
        before = stages_of(LOCK.read_text(encoding="utf-8"))[1] if LOCK.exists() else {}
        try:
            with self.commands.listening(), taking_turns(stages[0].repo):
                made, failed = self._run(found, graph, options)
        finally:
            put_in_order([*before, *found])
        if failed:
            first, *others = failed.values()
            for error in others:
                say(f"ERROR: {error}")
            names = ", ".join(map(repr, failed))
            raise ReproductionError(f"failed to reproduce {names}") from first
        if self.commands.stopped:
            raise KeyboardInterrupt
        return made

    def _run(
        self, found: "Mapping[str, Stage]", graph: "DiGraph", options: Mapping[str, Any]
    ) -> "tuple[list[Stage], dict[str, BaseException]]":
        """Return what changed and what failed."""
        from dvc.repo.reproduce import _reproduce_stage

        made: list[Stage] = []
        cores = len(os.sched_getaffinity(0))

        def due(name: str) -> bool:
            stage = found[name]
            with stage.repo.lock:
                # DVC says itself that it skips one
                return stage.changed() or bool(_reproduce_stage(stage, **options))

        def run(name: str, alone: bool) -> None:
            stage = found[name]
            self.commands.cores[name] = cores if alone else max(1, cores // self.jobs)
            with stage.repo.lock:
                if _reproduce_stage(stage, **options):
                    made.append(stage)

        needs = {name: {s.addressing for s in graph.successors(found[name])} for name in found}
        failed = side_by_side(
            Graph(needs, self.seconds), self.jobs, due, run, self.ended,
            lambda: self.commands.stopped,
        )  # fmt: skip
        return made, failed


def stages_of(text: str) -> tuple[str, dict[str, str]]:
    r"""Return what stands before the stages of a dvc.lock, and the text of each.

    Examples
    --------
    >>> stages_of("schema: '2.0'\nstages:\n  b:\n    cmd: x\n  a:\n    cmd: y\n")
    ("schema: '2.0'\nstages:\n", {'b': '  b:\n    cmd: x\n', 'a': '  a:\n    cmd: y\n'})
    """
    head, *parts = re.split(r"(?m)^(?=  \S)", text)
    return head, {part.strip().partition(":")[0]: part for part in parts}


def put_in_order(order: Iterable[str]) -> None:
    """Write the stages of dvc.lock in an order."""
    if not LOCK.exists():
        return
    text = LOCK.read_text(encoding="utf-8")
    head, stages = stages_of(text)
    sorted_text = head + "".join(stages[name] for name in dict.fromkeys(order) if name in stages)
    if sorted_text != text and len(sorted_text) == len(text):
        part = LOCK.with_suffix(".lock.part")
        part.write_text(sorted_text, encoding="utf-8")
        part.replace(LOCK)
