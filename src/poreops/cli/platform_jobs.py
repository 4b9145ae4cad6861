"""What the commands around models and runs do."""

import os
import signal
import subprocess
import sys
from itertools import chain
from pathlib import Path

from poreops.cli.answer import Answer, Results
from poreops.errors import InputError
from poreops.mlops.tracking import repository

__all__ = ["Answer", "compare", "doctor", "lineage", "relocate", "repro"]


def lineage(what: str | None, crate: Path | None) -> Answer:
    """Follow a model back, a file forward, or state the whole run.

    Parameters
    ----------
    what : URI of a model, a file of the pipeline or its md5; None for the whole run
    crate : folder for a Workflow Run RO-Crate; None for none
    """
    from poreops.mlops.provenance.graph import Graph, read_graph
    from poreops.mlops.provenance.trace import way_from, way_to

    root = repository()
    results: Results
    if what is None:
        graph = read_graph(root)
        # as the page of the run states it: what it was made from
        graph = Graph({name: of for name, of in graph.stages.items() if name != "report_index"})
        stages = {name: dict(graph.stages[name].outs) for name in graph.upstream(graph.stages)}
        results = {"stages": stages, "digest": graph.digest(graph.stages)}
    elif what.startswith("models:"):
        results = {"to": way_to(what, root)}
    else:
        results = {"from": way_from(what, root)}
    if crate is not None:
        from poreops.mlops.provenance.crate import write_crate

        if what is not None and not what.startswith("models:"):
            raise InputError(
                f"a crate is of a model or of the whole run, got {what}; leave it out"
            )
        results["crate"] = write_crate(crate, root, what).as_posix()
    return Answer({"command": "lineage", **results})


def compare(first: str, second: str) -> Answer:
    """Compare two runs.

    Parameters
    ----------
    first, second : run's id or name, DVC experiment or URI of a model
    """
    from poreops.mlops.provenance.compare import compared

    return Answer({"command": "compare", **compared(first, second)})


def doctor(*, fix: bool, deep: bool) -> Answer:
    """Look at everything; with `fix` do what needs no decision.

    Parameters
    ----------
    fix : do what needs no decision
    deep : compare every file of DVC's cache with its digest
    """
    from poreops.mlops.doctor.environment import environment
    from poreops.mlops.doctor.pipeline import pipeline
    from poreops.mlops.doctor.store import store, studies

    root = repository()
    looks = (environment(root), pipeline(root, deep=deep), store(root), studies(root))
    findings, bad = [], 0
    for found in chain(*looks):
        entry = {"what": found.what, "state": found.state, "said": found.said}
        if found.remedy:
            entry["remedy"] = found.remedy
        if found.fix is not None:
            entry["fixed" if fix else "fix"] = (
                found.fix() if fix else "poreops doctor --fix does it"
            )
        bad += found.state == "bad" and "fixed" not in entry
        findings.append(entry)
    return Answer({"command": "doctor", "root": str(root), "findings": findings, "bad": bad})


def relocate(old: str | None) -> Answer:
    """Rewrite the paths in the embedded store, and hash every model.

    Parameters
    ----------
    old : folder that the paths begin with; None for the one noted
    """
    from poreops.mlops.tracking.moved import moved

    return Answer({"command": "store relocate", **moved(old)})


def repro(stages: list[str], jobs: int) -> int:
    """Run pipelines/repro.py of the repository; return its exit status.

    Parameters
    ----------
    stages : to come to; none for all
    jobs : how many stages run at once
    """
    root = repository()
    script = root / "pipelines/repro.py"
    if not script.is_file():
        raise InputError(f"a pipeline must be there, got no {script}; go to a clone of PoreOps")
    # stages call `python`, and repro.py calls `dvc`: those of this environment
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    command = [sys.executable, str(script), "-j", str(jobs), *stages]
    # Ctrl-C reaches the pipeline too, which ends in order; without a handler it would be killed
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        return subprocess.run(
            command, cwd=root, env=os.environ | {"PATH": path}, check=False
        ).returncode
    finally:
        signal.signal(signal.SIGINT, before)
