"""Stages side by side: `dvc repro --single-item` of each as soon as what it reads is there.

DVC runs one stage at a time. Here its graph says what may run at once, and a DVC process of its
own runs each, so that dvc.lock, the run cache and what is skipped are DVC's. In the end dvc.lock
has its stages in the order in which `dvc repro` would have put them: the same bytes.
"""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

LOCK = Path("dvc.lock")
ALONE = {"conductance_networks", "conductance_scores", "properties_scores"}
"""Stages whose reports hold how fast something is: no other runs beside them."""

# DVC waits 3 s for its lock, also after a stage that took an hour; another process that hashes
# what it made holds it longer
_ONE = """\
import sys
import dvc.lock
dvc.lock.DEFAULT_TIMEOUT = 600
from dvc.cli import main
sys.exit(main(["repro", "--single-item", sys.argv[1]]))
"""
_LOOKS = 0.05  # seconds between looks at what ended
_writing = threading.Lock()


@dataclass(frozen=True)
class Plan:
    """The graph as DVC sees it.

    order : of `dvc repro`.
    needs : stage → the stages whose outs it reads.
    changed : stages that changed themselves; what they make may change others.
    """

    order: list[str]
    needs: Mapping[str, set[str]]
    changed: set[str]

    def due(self) -> list[str]:
        """Return the stages that changed or read, however far, what one of these makes."""
        found: list[str] = []
        for name in self.order:
            if name in self.changed or self.needs[name] & set(found):
                found.append(name)
        return found


def plan(targets: Iterable[str] = ()) -> Plan:
    """Ask DVC for the graph and for what changed.

    Parameters
    ----------
    targets : stages to come to; all by default
    """
    from dvc.repo import Repo
    from dvc.repo.reproduce import get_active_graph, plan_repro

    with Repo() as repo, repo.lock:
        graph = get_active_graph(repo.index.graph)
        asked = [
            stage for target in targets or ["dvc.yaml"] for stage in repo.stage.collect(target)
        ]
        steps = plan_repro(graph, asked)
        names = {stage: stage.addressing for stage in steps}
        needs = {names[s]: {names[d] for d in graph.successors(s)} for s in steps}
        changed = {names[stage] for stage in steps if stage.changed()}
    return Plan(list(names.values()), needs, changed)


def side_by_side(
    plan: Plan,
    jobs: int,
    run: Callable[[str], int],
    ended: Callable[[str, float], None] = lambda *_: None,
) -> int:
    """Run what is due, each stage after those that it needs; return the first bad exit status.

    After a failure nothing more starts, and what runs comes to its end.

    Parameters
    ----------
    plan : Plan
    jobs : how many run at once
    run : stage → exit status
    ended : told each stage that ended well and its seconds
    """
    left = plan.due()
    running: dict[Future[int], tuple[str, float]] = {}
    status = 0
    with ThreadPoolExecutor(jobs) as pool:
        while running or (left and not status):
            waiting = {*left, *(name for name, _ in running.values())}
            for name in list(left):
                if status or len(running) == jobs:
                    break
                if plan.needs[name] & waiting:
                    continue
                # a stage that must be alone keeps its turn: what comes after it waits
                alone = name in ALONE or any(other in ALONE for other, _ in running.values())
                if alone and running:
                    break
                left.remove(name)
                running[pool.submit(run, name)] = name, time.monotonic()
            done, _ = wait(running, timeout=_LOOKS, return_when=FIRST_COMPLETED)
            for future in done:
                name, start = running.pop(future)
                status = status or future.result()
                if future.result() == 0:
                    ended(name, time.monotonic() - start)
    return status


def one(name: str) -> int:
    """Run a stage in a DVC process of its own; its lines begin with its name."""
    process = subprocess.Popen(
        [sys.executable, "-c", _ONE, name],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip():
            say(f"{name} | {line.rstrip()}")
    return process.wait()


def say(line: str) -> None:
    """Write a whole line at once."""
    with _writing:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def reproduce(
    jobs: int, targets: Iterable[str], ended: Callable[[str, float], None] = lambda *_: None
) -> int:
    """Run the pipeline with several stages at once; return the exit status.

    Parameters
    ----------
    jobs : how many stages run at once
    targets : stages to come to; all by default
    ended : told each stage that ended well and its seconds
    """
    # two stages on every core each would only get in each other's way
    os.environ.setdefault("POREOPS_WORKERS", str(max(1, (os.cpu_count() or 1) // jobs)))
    before = stages_of(LOCK.read_text(encoding="utf-8"))[1] if LOCK.exists() else {}
    found = plan(targets)
    try:
        return side_by_side(found, jobs, one, ended)
    finally:
        if LOCK.exists():
            put_in_order([*before, *found.order])


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
    text = LOCK.read_text(encoding="utf-8")
    head, stages = stages_of(text)
    sorted_text = head + "".join(stages[name] for name in dict.fromkeys(order) if name in stages)
    if sorted_text != text and len(sorted_text) == len(text):
        part = LOCK.with_suffix(".lock.part")
        part.write_text(sorted_text, encoding="utf-8")
        part.replace(LOCK)
