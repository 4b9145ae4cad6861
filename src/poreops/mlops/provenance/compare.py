"""What differs between two runs: parameters, metrics, data and code."""

import difflib
from collections.abc import Mapping

from poreops.mlops.provenance.graph import Content
from poreops.mlops.tracking.find import Logged, find_run

Values = Mapping[str, object]
Pairs = dict[str, list[object]]
_ENVIRONMENT = ("mlflow.user", "owner", "mlflow.source", "mlflow.runName", "dvc.md5.", "killed.")


def compared(first: str, second: str) -> Content:
    """Return what differs between two runs.

    Parameters
    ----------
    first, second : as `find_run` takes them

    Returns
    -------
    dict
        "runs", two heads; "params", "metrics", "data" and "tags", name → (first, second), None for
        what one of them lacks; "code", what differs of commit and patch; "same", how many values
        of each kind do not differ
    """
    one, other = find_run(first), find_run(second)
    kinds: dict[str, tuple[Values, Values]] = {
        "params": (one.params, other.params),
        "metrics": (one.metrics, other.metrics),
        "data": (one.data, other.data),
        "tags": (_told(one), _told(other)),
    }
    differing = {kind: _differing(*both) for kind, both in kinds.items()}
    same = {
        kind: len({*mine, *theirs}) - len(differing[kind])
        for kind, (mine, theirs) in kinds.items()
    }
    return {
        "runs": [_head(one), _head(other)], "same": same, **differing, "code": _code(one, other),
    }  # fmt: skip


def _differing(mine: Values, theirs: Values) -> Pairs:
    return {
        name: [mine.get(name), theirs.get(name)]
        for name in sorted({*mine, *theirs})
        # NaN is the same as NaN
        if str(mine.get(name)) != str(theirs.get(name))
    }


def _head(run: Logged) -> dict[str, str]:
    return {"id": run.id, "name": run.name, "experiment": run.experiment, "status": run.status}


def _told(run: Logged) -> dict[str, str]:
    code = ("git.commit", "git.dirty")
    return {k: v for k, v in run.tags.items() if not k.startswith(_ENVIRONMENT) and k not in code}


def _code(one: Logged, other: Logged) -> Content:
    """Return the commits if they differ, and the lines that differ between the patches."""
    commits = [run.tags.get("git.commit") for run in (one, other)]
    found: dict[str, object] = {}
    if commits[0] != commits[1]:
        found["commits"] = commits
        found["see"] = f"git diff {' '.join(str(commit)[:12] for commit in commits)}"
    if one.patch != other.patch:
        lines = difflib.unified_diff(
            one.patch.splitlines(),
            other.patch.splitlines(),
            one.name,
            other.name,
            lineterm="",
            n=1,
        )
        found["patch"] = list(lines)
    return found
