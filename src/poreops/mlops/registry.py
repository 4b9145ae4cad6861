"""Enter a model into the registry, promote it if a verdict lets it, and find its files again."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from poreops.base.content import Json
from poreops.base.files import sha256
from poreops.errors import InputError
from poreops.mlops.tracking import (
    CHALLENGER,
    CHAMPION,
    GATE,
    ModelVersion,
    champion_info,
    checked_folder,
    download,
    drop_alias,
    lineage,
    note,
    package_digest,
    promote,
    register,
    run,
    set_alias,
)
from poreops.mlops.tracking.card import DOES, LIMITS, TRAINING_RUN, card
from poreops.mlops.tracking.pins import champions, held, remember
from poreops.mlops.tracking.runs import run_that_made
from poreops.mlops.tracking.versions import describe, version_of

Scores = Mapping[str, float]

_FILES, _JUDGED_ON, _WALLS = "files.sha256", "judged_on.sha256", "walls"
_BEFORE_WALLS = "smooth"  # of versions that learned from flow and state no walls


@dataclass(frozen=True)
class Candidate:
    """A model that asks for the champion's place.

    Attributes
    ----------
    name : of the registered model
    files : folder of the model's own files
    probe : file or folder of a few examples that every later rival is scored on too
    judged : digest of the files that the report scored
    judged_on : digest of the data behind the scores; only scores on the same data compare
    scores : what it reached there
    main : the score that decides, lower is better
    probed : what the report says it reached on the probe
    valid : whether the data passed their validation
    nulls : what nulls reached on the same data, kept with the version
    params : noted in its run
    walls : of the flow that it learned from; models of other walls do not compare
    tags : of its version: what kind of model it is
    does, limits : for its card: what it does, and where not to use it
    ablation : what others that learned with it reached on the same data, kept with the version
    """

    name: str
    files: Path
    probe: Path
    judged: str
    judged_on: str
    scores: Scores
    main: str
    probed: Scores
    valid: bool
    nulls: Mapping[str, Scores]
    params: Mapping[str, Json]
    walls: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    does: str = ""
    limits: str = ""
    ablation: Mapping[str, Scores] = field(default_factory=dict)


@dataclass(frozen=True)
class Registered:
    """What came of a candidate: its version, and why it is not the champion, if it is not.

    Attributes
    ----------
    name : of the registered model
    sha256 : digest of the package, served code included and the library's not, by which a
        version is known
    files : digest of the model's own files in it
    version : number
    champion : whether there is a champion now
    reasons : why it is not this version
    """

    name: str
    sha256: str
    files: str
    version: int
    champion: bool
    reasons: Sequence[str]

    @property
    def content(self) -> dict[str, object]:
        """What the same candidate gives again, for DVC."""
        return {
            "model": self.name, "sha256": self.sha256, "files": self.files,
            "gate": self.reasons or "passed",
        }  # fmt: skip

    def __str__(self) -> str:
        """Return it as one line."""
        if not self.reasons:
            return f"{self.name} version {self.version}: champion"
        standing = "the champion stays" if self.champion else "no champion"
        return f"{self.name} version {self.version}: {standing}; {'; '.join(self.reasons)}"


def enter(
    candidate: Candidate,
    package: Path,
    stage: str,
    gate: str,
    score: Callable[[Path, Path], Scores],
    verdict: Callable[[Scores | None], Sequence[str]],
) -> Registered:
    """Register a model as challenger, and as champion unless the verdict has reasons against it.

    A version is known by the digest of its package, so that changed code which serves the same
    files is a version of its own. These files are loaded first and scored on the probe: they must
    be those that the report judged. A champion that does not load, or answers no finite numbers,
    does not stand. One that was judged on other data stays unless the candidate beats it on both
    probes.

    Parameters
    ----------
    candidate : Candidate
    package : folder of the pyfunc model, with the probe among its artifacts
    stage : as "conductance_register", of its run
    gate : section of the parameters that the verdict goes by
    score : (folder of a model's files, probe) → scores; raises InputError for a dead model
    verdict : scores of the standing champion on the same data → reasons; None for no such

    Raises
    ------
    InputError
        If the files are not those that were judged, do not load, or score otherwise; nothing is
        registered then.
    """
    digest = sha256(candidate.files)
    found = score(candidate.files, candidate.probe)
    _check_judged(candidate, digest, found)
    champion, standing, against = _standing(candidate, digest, score)
    with run(stage, candidate.name) as tracked:
        tracked.log_params(candidate.params)
        tracked.log_metrics(dict(candidate.scores) | {"null": candidate.nulls, "probe": found})
        packaged, origin = package_digest(package), lineage()
        for path, md5 in _made_from(origin):
            tracked.log_dataset(path, md5, "upstream")
        version = register(
            tracked, package, candidate.name, sha256=packaged,
            tags=origin | _tags(candidate) | _origin(candidate, digest, found),
        )  # fmt: skip
        set_alias(version, CHALLENGER)
        reasons = [*verdict(standing), *against]
        pinned = None if champion is None else held(champion)
        same = champion is not None and champion.version == version.version
        verdict_text = "; ".join(reasons) or "passed"
        if not reasons and not same:
            if pinned:
                reasons.append(pinned)
            else:
                history = champions(version.name)
                promote(version, {"promoted": f"passed the gate of params.{gate}"})
                remember(version, history)
        if reasons and same and not pinned:
            drop_alias(version, CHAMPION)
            champion = None
        tracked.set_tags({GATE: "; ".join(reasons) or "passed"})
        note(version, dict(candidate.tags) | {GATE: verdict_text})
        describe(version, card(version_of(version.name, version.version), package))
    return Registered(
        candidate.name, packaged, digest, version.version, champion is not None, reasons
    )


def _tags(candidate: Candidate) -> dict[str, object]:
    beside = {
        f"{kind}.{other}.{name}": value
        for kind, others in (("null", candidate.nulls), ("ablation", candidate.ablation))
        for other, scores in others.items()
        for name, value in scores.items()
    }
    judged = {_JUDGED_ON: candidate.judged_on, "validation": "passed" * candidate.valid}
    walls = {} if candidate.walls is None else {_WALLS: candidate.walls}
    return {**candidate.scores, **beside, **judged, **walls}


def _origin(candidate: Candidate, digest: str, found: Scores) -> dict[str, str]:
    """Return tags of where a version comes from and what it must be again."""
    made_in = run_that_made(candidate.files)
    return (
        {_FILES: digest}
        | {f"probe.{name}": repr(float(value)) for name, value in found.items()}
        | ({TRAINING_RUN: made_in} if made_in else {})
        | ({DOES: candidate.does} if candidate.does else {})
        | ({LIMITS: candidate.limits} if candidate.limits else {})
    )


def _made_from(origin: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(k.removeprefix("dvc.md5."), v) for k, v in origin.items() if k.startswith("dvc.md5.")]


def _check_judged(candidate: Candidate, digest: str, found: Scores) -> None:
    remedy = "judge the model again with: dvc repro"
    if digest != candidate.judged:
        raise InputError(
            f"the files of a model must be those that its report judged, got {digest[:12]} in "
            f"{candidate.files} where the report has {candidate.judged[:12]}; {remedy}"
        )
    for name, stated in candidate.probed.items():
        if not math.isclose(found[name], stated, rel_tol=1e-4, abs_tol=1e-6):
            raise InputError(
                f"a model must score on its probe what its report says, got {name} "
                f"{found[name]:.6g} where the report has {stated:.6g}; {remedy}"
            )


def _standing(
    candidate: Candidate, digest: str, score: Callable[[Path, Path], Scores]
) -> tuple[ModelVersion | None, Scores | None, list[str]]:
    """Return the champion, its scores if they compare, and what speaks against the candidate."""
    try:
        champion = champion_info(candidate.name)
        files = _own_files(champion.uri, candidate.files)
        found = score(files, candidate.probe)
    except (InputError, OSError):
        return None, None, []  # no champion, or one whose files are gone or dead
    if not math.isfinite(found[candidate.main]):
        return None, None, []
    if against := _other_walls(candidate, champion):
        return champion, None, [against]
    # the same model in another package is no rival of itself; 0.1.0 tagged the files as sha256
    if champion.tags.get(_FILES, champion.tags.get("sha256")) == digest:
        return champion, None, []
    same_data = champion.tags.get(_JUDGED_ON) == candidate.judged_on
    if same_data and candidate.scores.keys() <= champion.tags.keys():
        return champion, {name: float(champion.tags[name]) for name in candidate.scores}, []
    return champion, None, _against(candidate, champion, files, score)


def _other_walls(candidate: Candidate, champion: ModelVersion) -> str | None:
    """Say so if the champion learned from flow past other walls."""
    theirs = champion.tags.get(_WALLS, _BEFORE_WALLS)
    if candidate.walls in (None, theirs):
        return None
    return (
        f"flow past {candidate.walls} walls does not compare with the {theirs} walls of the "
        f"champion, version {champion.version}; take its alias away, or train with {theirs} walls"
    )


def _against(
    candidate: Candidate,
    champion: ModelVersion,
    files: Path,
    score: Callable[[Path, Path], Scores],
) -> list[str]:
    """Compare with a champion that was judged on other data, on its probe and the candidate's."""
    probes = {"its own probe": candidate.probe}
    theirs = sorted(download(champion.uri).rglob(candidate.probe.name))
    if theirs:
        probes["the champion's probe"] = theirs[0]
    reasons = []
    for place, probe in probes.items():
        try:
            mine, other = (
                score(folder, probe)[candidate.main] for folder in (candidate.files, files)
            )
        except InputError as error:
            reasons.append(f"it does not compare with the champion on {place}: {error}")
            continue
        if not mine < other:
            reasons.append(
                f"{candidate.main} {mine:.4g} on {place} is not below that of the champion, "
                f"{other:.4g}, which was judged on other data"
            )
    return reasons


def _own_files(uri: str, like: Path) -> Path:
    """Return the folder of a registered model that holds the same files as another one."""
    names = {path.name for path in like.iterdir() if path.is_file()}
    for folder in sorted({path.parent for path in download(uri).rglob("*") if path.is_file()}):
        if names <= {path.name for path in folder.iterdir()}:
            return folder
    raise InputError(f"{uri} must hold the files {sorted(names)}; register a model again")


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
    is_folder = isinstance(uri, str | Path) and (Path(uri) / description).exists()
    folder = checked_folder(Path(uri)) if is_folder else download(uri)
    found = sorted(folder.rglob(description))
    if len(found) != 1:
        raise InputError(
            f"{uri} must be {kind}, got {len(found)} files {description} in it; {remedy}"
        )
    return found[0].parent
