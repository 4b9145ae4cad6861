"""What `poreops models` does: look into the registry, move the champion, verify, sign."""

import math
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from poreops.base.files import read_yaml
from poreops.cli.answer import Answer, Results
from poreops.cli.model_texts import (
    card_text,
    compared_text,
    key_text,
    listed_text,
    promoted_text,
    shown_text,
    signed_text,
    verified_text,
)
from poreops.errors import InputError
from poreops.mlops.tracking import card as cards
from poreops.mlops.tracking import pins, signing, versions
from poreops.mlops.tracking.package import SIGNATURE
from poreops.mlops.tracking.runs import params_of
from poreops.mlops.tracking.versions import CHAMPION, GATE, ModelVersion

__all__ = [
    "card_text", "carded", "compared", "compared_text", "key_made", "key_text", "listed",
    "listed_text", "promoted", "promoted_text", "rolled_back", "shown", "shown_text", "signed",
    "signed_text", "verified", "verified_text",
]  # fmt: skip

_DRIFT = 1e-6


def listed() -> Answer:
    """List the registered models."""
    rows = []
    for name in versions.registered_names():
        found = versions.versions_of(name)
        champion = next((each for each in found if CHAMPION in each.aliases), None)
        pin = pins.pin_of(name)
        rows.append(
            {
                "name": name,
                "versions": len(found),
                "newest": found[0].version if found else None,
                "champion": None if champion is None else champion.version,
                "pinned": None if pin is None else pin.reason,
                "gate": found[0].tags.get(GATE) if found else None,
            }
        )
    return Answer({"command": "models list", "models": rows})


def shown(uri: str) -> Answer:
    """Show a version, or the versions of a name.

    Parameters
    ----------
    uri : models:/NAME@ALIAS or the like, or a bare name
    """
    if not uri.startswith("models:"):
        rows = [_facts(version) for version in versions.versions_of(uri)]
        return Answer({"command": "models show", "name": uri, "versions": rows})
    version = versions.resolve(uri)
    found = _facts(version) | {
        "nulls": cards.nulls(version),
        "ablation": cards.ablation(version),
        "probe": cards.probed(version),
        "made_from": cards.made_from(version),
        "params": params_of(version.run_id),
    }
    return Answer({"command": "models show", "uri": version.uri, "version": found})


def compared(first: str, second: str) -> Answer:
    """Compare two versions.

    Parameters
    ----------
    first, second : URIs of versions
    """
    pair = [versions.resolve(uri) for uri in (first, second)]
    scores = [cards.scores(version) for version in pair]
    tags = [
        {key: version.tags.get(key) for key in ("git.commit", "git.dirty", "walls", "sha256")}
        for version in pair
    ]
    return Answer(
        {
            "command": "models compare",
            "versions": [version.uri for version in pair],
            "scores": {name: [s.get(name) for s in scores] for name in {**scores[0], **scores[1]}},
            "params": _differing(*(params_of(version.run_id) for version in pair)),
            "training": _differing(*map(_training_params, pair)),
            "data": _differing(*(cards.made_from(version) for version in pair)),
            "code": _differing(*tags),
        }
    )


def promoted(uri: str, reason: str | None, *, force: bool, pin: bool) -> Answer:
    """Make a version the champion.

    Parameters
    ----------
    uri : of the version
    reason : why, in words
    force : also where the gate refused it
    pin : the gate must not replace it
    """
    version = versions.resolve(uri)
    before = _champion_before(version.name)
    versions.download(version.uri)  # what cannot be loaded is no champion
    pins.promote_by_hand(version, reason, force=force, pin=pin)
    return _moved("models promote", before, version)


def rolled_back(name: str, to: int | None, reason: str | None) -> Answer:
    """Make an earlier champion the champion again.

    Parameters
    ----------
    name : of the registered model
    to : number of the version; None for the champion before
    reason : why, in words
    """
    before, version = pins.roll_back(name, to, reason)
    return _moved("models rollback", before.version, version)


def verified(uri: str, key: Path | None) -> Answer:
    """Download a version again, compare, check the signature, score it on its probe.

    Parameters
    ----------
    uri : of the version
    key : public key that must have signed it; None for the configured one
    """
    version = versions.resolve(uri)
    key = key or signing.configured_key()
    with tempfile.TemporaryDirectory(prefix="poreops-verify-") as temporary:
        folder = versions.download(version.uri, Path(temporary) / "model")
        has_signature = (folder / SIGNATURE).is_file()
        if key is not None:
            signing.check_signature(folder, version.uri, key)
        found = _scored(folder, version)
    noted = cards.probed(version)
    wrong = [
        f"{name} {found[name]!r} where the version has {value!r}"
        for name, value in noted.items()
        if not math.isclose(found[name], value, rel_tol=_DRIFT, abs_tol=_DRIFT**2)
    ]
    if wrong:
        raise InputError(
            f"a model must score on its probe what it did when it was registered, to {_DRIFT:g}, "
            f"got of {version.uri} {'; '.join(wrong)}; another machine, version of TensorFlow or "
            "poreops? if none of them, do not use it"
        )
    signature = "valid" if key else "not checked, no key given" if has_signature else "none"
    return Answer(
        {
            "command": "models verify",
            "uri": version.uri,
            "files": "as registered" if versions.MANIFEST_TAG in version.tags else "not noted",
            "signature": signature,
            "probe": found,
            "compared": sorted(noted),
        }
    )


def signed(uri: str, key: Path | None) -> Answer:
    """Sign a version and put the signature beside its files.

    Parameters
    ----------
    uri : of the version
    key : private key; None for the configured one
    """
    key = key or signing.signing_key()
    if key is None:
        raise InputError("a key to sign with must be given, got none; give --key FILE")
    version = versions.resolve(uri)
    with tempfile.TemporaryDirectory(prefix="poreops-sign-") as temporary:
        folder = versions.download(version.uri, Path(temporary) / "model", checked_by_key=False)
        if versions.MANIFEST_TAG not in version.tags:
            raise InputError(
                f"a signed model must have a manifest, {version.uri} is from before 0.3; "
                "register it again with: make repro"
            )
        versions.add_file(version, signing.sign(folder, version.name, key))
    return Answer({"command": "models sign", "uri": version.uri, "key": str(key)})


def key_made(file: Path) -> Answer:
    """Make a key to sign with.

    Parameters
    ----------
    file : of the private key
    """
    public = signing.make_key(file)
    return Answer({"command": "models key", "private": str(file), "public": str(public)})


def carded(uri: str) -> Answer:
    """Return the card of a version.

    Parameters
    ----------
    uri : of the version
    """
    version = versions.resolve(uri)
    text = cards.card(version, versions.download(version.uri))
    return Answer({"command": "models card", "card": text})


def _facts(version: ModelVersion) -> Results:
    kept = asdict(version)
    return {
        "version": version.version,
        "aliases": list(version.aliases),
        "gate": version.tags.get(GATE),
        "scores": cards.scores(version),
        "created": version.created,
        "run": version.run_id,
        "training_run": version.tags.get(cards.TRAINING_RUN),
        "commit": version.tags.get("git.commit"),
        "promoted": version.tags.get("promoted"),
        "tags": kept["tags"],
    }


def _moved(command: str, before: int | None, version: ModelVersion) -> Answer:
    now = versions.champion_info(version.name)
    pin = pins.pin_of(version.name)
    return Answer(
        {
            "command": command,
            "name": version.name,
            "before": before,
            "champion": now.version,
            "pinned": pin is not None,
            "reason": now.tags.get("promoted"),
        }
    )


def _champion_before(name: str) -> int | None:
    try:
        return versions.champion_info(name).version
    except InputError:
        return None


def _training_params(version: ModelVersion) -> dict[str, str]:
    run = version.tags.get(cards.TRAINING_RUN)
    return {} if run is None else params_of(run)


def _differing(
    first: Mapping[str, object], second: Mapping[str, object]
) -> dict[str, list[object]]:
    names = sorted({*first, *second})
    both = {name: [first.get(name), second.get(name)] for name in names}
    return {name: pair for name, pair in both.items() if pair[0] != pair[1]}


def _scored(folder: Path, version: ModelVersion) -> dict[str, float]:
    """Score a package on its own probe, by the line that it is of."""
    from poreops.conductance.model import DESCRIPTION as CONDUCTANCE
    from poreops.cores.learning.description import DESCRIPTION as CORE
    from poreops.properties.model import DESCRIPTION as ROCK

    artifacts = read_yaml(folder / "MLmodel")["flavors"]["python_function"].get("artifacts") or {}
    if "probe" not in artifacts:
        raise InputError(f"{version.uri} must bring a probe, got none; register it again")
    probe = folder / artifacts["probe"]["path"]
    kind, files = next(
        ((name, path.parent) for name in (CONDUCTANCE, CORE, ROCK) for path in folder.rglob(name)),
        ("", folder),
    )
    if kind == CONDUCTANCE:
        from poreops.conductance.judging import members

        return dict(members.probe_scores(files, probe))
    if kind == ROCK:
        from poreops.properties import registering

        return dict(registering.score(files, probe))
    if kind == CORE and "judging" in version.tags:
        from poreops.cores.judging.evaluation import JudgingConfig
        from poreops.cores.judging.near import probe_scores

        config = JudgingConfig.model_validate_json(version.tags["judging"])
        return probe_scores(files, probe, config)
    raise InputError(
        f"{version.uri} must be a model of poreops that says how it was judged; register it again "
        "with: make repro"
    )
