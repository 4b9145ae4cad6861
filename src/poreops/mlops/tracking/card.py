"""The card of a model's version: what it does, how good it is, what it is made of, its limits."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from poreops.mlops.tracking.pyfunc import Tensor, signature
from poreops.mlops.tracking.versions import GATE, ModelVersion

DOES, LIMITS = "card.does", "card.limits"
TRAINING_RUN = "training.run_id"
_NULL, _ABLATION, _MADE_FROM, _PROBE = "null.", "ablation.", "dvc.md5.", "probe."
_NOT_SCORES = {"validation", "walls", "sha256", "promoted", "stage", GATE, "method", "trained"}


def card(version: ModelVersion, folder: Path | None = None) -> str:
    """Return the card as Markdown.

    Parameters
    ----------
    version : ModelVersion
    folder : of its package, for what goes in and out
    """
    return "\n".join(_lines(version, folder)) + "\n"


def scores(version: ModelVersion) -> dict[str, float]:
    """Return name → score of a version on the data it was gated on.

    Parameters
    ----------
    version : of a registered model
    """
    found = {}
    for name, text in version.tags.items():
        if "." not in name and name not in _NOT_SCORES:
            try:
                found[name] = float(text)
            except ValueError:
                continue
    return found


def nulls(version: ModelVersion) -> dict[str, dict[str, float]]:
    """Return null → score → its value.

    Parameters
    ----------
    version : of a registered model
    """
    return _beside(version, _NULL)


def ablation(version: ModelVersion) -> dict[str, dict[str, float]]:
    """Return model → score → its value, of those that learned with a version and were not chosen.

    Parameters
    ----------
    version : of a registered model
    """
    return _beside(version, _ABLATION)


def _beside(version: ModelVersion, kind: str) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for name, text in version.tags.items():
        if name.startswith(kind):
            other, _, score = name.removeprefix(kind).rpartition(".")
            found.setdefault(other, {})[score] = float(text)
    return found


def probed(version: ModelVersion) -> dict[str, float]:
    """Return score → what the version reached on the probe that it brings.

    Parameters
    ----------
    version : of a registered model
    """
    tags = version.tags.items()
    return {n.removeprefix(_PROBE): float(text) for n, text in tags if n.startswith(_PROBE)}


def made_from(version: ModelVersion) -> dict[str, str]:
    """Return path → md5 of the artifacts that a version stands on.

    Parameters
    ----------
    version : of a registered model
    """
    tags = version.tags.items()
    return {n.removeprefix(_MADE_FROM): md5 for n, md5 in tags if n.startswith(_MADE_FROM)}


def _lines(version: ModelVersion, folder: Path | None) -> Iterator[str]:
    tags = version.tags
    yield f"# {version.name}, version {version.version}"
    yield ""
    yield tags.get(DOES, "")
    if folder is not None:
        given, answer = signature(folder)
        yield f"\nIn: {_tensor(given)}. Out: {_tensor(answer)}."
    yield f"\n## How good\n\nThe gate: {tags.get(GATE, 'said nothing')}."
    if "promoted" in tags:
        by = f" by {tags['promoted.by']}, {tags['promoted.at']}" if "promoted.by" in tags else ""
        yield f"Promoted{by}: {tags['promoted']}."
    if over := tags.get("promoted.over"):
        yield f"That was against the gate, which had said: {over}."
    yield ""
    yield from _table(scores(version), nulls(version) | ablation(version))
    if LIMITS in tags:
        yield f"\n## Where not to use it\n\n{tags[LIMITS]}"
    yield "\n## What it is made of\n"
    facts = {
        "commit": tags.get("git.commit", "unknown")
        + (" with changes (git.diff of its run)" if tags.get("git.dirty") == "true" else ""),
        "run": version.run_id,
        "parent": tags.get("finetuned.parent"),
        "fine-tuned to": tags.get("finetuned.rock"),
        "training run": tags.get(TRAINING_RUN, "not found"),
        "walls of its flow": tags.get("walls"),
        "files (SHA-256)": tags.get("files.sha256"),
        "package (SHA-256)": tags.get("sha256"),
    }
    yield from (f"- {name}: {value}" for name, value in facts.items() if value)
    yield from (f"- {path}: md5 {md5}" for path, md5 in made_from(version).items())
    yield "\n## How to use it\n"
    yield f"    poreops serve {version.uri}"
    yield f"    poreops models verify {version.uri}"


def _table(own: Mapping[str, float], others: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    if not own:
        return
    yield "| score | this model | " + " | ".join(others) + (" |" if others else "")
    yield "|---" * (2 + len(others)) + "|"
    for name, value in own.items():
        cells = [f"{value:.4g}"]
        cells += [f"{null[name]:.4g}" if name in null else "" for null in others.values()]
        yield f"| {name} | " + " | ".join(cells) + " |"


def _tensor(tensor: Tensor) -> str:
    shape = ", ".join("n" if edge == -1 else str(edge) for edge in tensor.shape)
    return f"({shape}) {tensor.dtype}"
