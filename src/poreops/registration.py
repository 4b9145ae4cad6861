"""Enter a model into the registry, promote it if a verdict lets it, and find its files again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from poreops.errors import InputError
from poreops.tracking import (
    CHALLENGER,
    ModelVersion,
    champion_info,
    download,
    find_version,
    lineage,
    promote,
    register,
    run,
    set_alias,
)

Scores = Mapping[str, float]

_JUDGED_ON = "judged_on.sha256"


@dataclass(frozen=True)
class Candidate:
    """A model that asks for the champion's place.

    Attributes
    ----------
    name : of the registered model
    sha256 : of its files; a model of the same digest is the same model
    judged_on : digest of the data behind the scores; only scores on the same data compare
    scores : what it reached there
    valid : whether the data passed their validation
    params : noted in its run
    """

    name: str
    sha256: str
    judged_on: str
    scores: Scores
    valid: bool
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Registered:
    """What came of a candidate: its version, and why it is not the champion, if it is not."""

    name: str
    sha256: str
    version: int
    reasons: Sequence[str]

    @property
    def content(self) -> dict[str, Any]:
        """What the same candidate gives again, for DVC."""
        return {"model": self.name, "sha256": self.sha256, "gate": self.reasons or "passed"}

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{self.name} version {self.version}: {'; '.join(self.reasons) or 'champion'}"


def enter(
    candidate: Candidate,
    package: Path,
    stage: str,
    gate: str,
    verdict: Callable[[Scores | None], Sequence[str]],
) -> Registered:
    """Register a model as challenger, and as champion unless the verdict has reasons against it.

    Parameters
    ----------
    candidate : Candidate
    package : folder of the pyfunc model
    stage : name of the experiment
    gate : section of the parameters that the verdict goes by
    verdict : scores of the standing champion → reasons; None for one that is gone, or that was
        judged on other data. A candidate that is the champion already is not judged again.
    """
    champion, standing = _standing(candidate)
    with run(stage, candidate.name) as tracked:
        tracked.log_params(candidate.params)
        tracked.log_metrics(candidate.scores)
        tags = lineage() | dict(candidate.scores)
        tags |= {_JUDGED_ON: candidate.judged_on, "validation": "passed" * candidate.valid}
        version = register(tracked, package, candidate.name, sha256=candidate.sha256, tags=tags)
        set_alias(version, CHALLENGER)
        again = champion is not None and champion.tags.get("sha256") == candidate.sha256
        reasons = [] if again else verdict(standing)
        if not reasons and (champion is None or champion.version != version.version):
            promote(version, {"promoted": f"passed the gate of params.{gate}"})
        tracked.set_tags({"gate": "; ".join(reasons) or "passed"})
    return Registered(candidate.name, candidate.sha256, version.version, reasons)


def _standing(candidate: Candidate) -> tuple[ModelVersion | None, Scores | None]:
    """Return the champion and its scores; none if its files are gone or it saw other data."""
    try:
        champion = champion_info(candidate.name)
    except InputError:
        return None, None  # the first model has no one to beat
    there = find_version(candidate.name, champion.tags.get("sha256", ""))
    same_data = champion.tags.get(_JUDGED_ON) == candidate.judged_on
    if there is None or not same_data or not candidate.scores.keys() <= champion.tags.keys():
        return champion, None
    return champion, {name: float(champion.tags[name]) for name in candidate.scores}


def model_files(uri: str, description: str, kind: str, remedy: str) -> Path:
    """Return the folder of a model's own files.

    Parameters
    ----------
    uri : of the registry, or a folder
    description : name of the file that every such model has once
    kind, remedy : for the message, as "a conductance model" and what to name instead

    Raises
    ------
    InputError
        No such model, no champion, or a model of another kind.
    """
    folder = Path(uri) if (Path(uri) / description).exists() else download(uri)
    found = sorted(folder.rglob(description))
    if len(found) != 1:
        raise InputError(
            f"{uri} must be {kind}, got {len(found)} files {description} in it; {remedy}"
        )
    return found[0].parent
