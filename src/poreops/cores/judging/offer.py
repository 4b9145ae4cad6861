"""Which of the trained generators asks for the champion's place: the gate's crops decide."""

from collections.abc import Mapping
from pathlib import Path

from poreops.base.content import Json
from poreops.base.files import sha256
from poreops.cores import gate
from poreops.cores.judging.evaluation import Grey, Judge, JudgingConfig, real_real
from poreops.cores.judging.nulls import NULLS, nulls
from poreops.cores.model import grey_probe, load_generator, trained

PARTS = ("train", "search", "gate")
"""The crops that are read here: not those of the report."""

PROBED = 50
"""Crops of the gate that are kept with a model, for later rivals to be scored on too."""


def gate_scores(
    crops: Mapping[str, Grey], models: Path, config: JudgingConfig
) -> dict[str, dict[str, Json]]:
    """Score the rock against itself, the nulls and every trained generator.

    Parameters
    ----------
    crops : each of `PARTS` → (n, size, size) uint8
    models : folder of <method>/<seed>, as the stage cores_train writes it
    config : JudgingConfig

    Returns
    -------
    dict
        ``real`` score → value; ``nulls`` and ``candidates`` name → score → value, of the crops of
        the gate.
    """
    judge = Judge.fit(crops["train"], config, crops["gate"])
    views = {part: judge.view(crops[part]) for part in PARTS}
    target, size = views["gate"], crops["gate"].shape[1]
    drawn = nulls(judge.training, config.cores, judge.segmentation, seed=config.seed)
    sets = {NULLS[name]: images for name, images in drawn.items()}
    cores = {
        folder.relative_to(models).as_posix(): load_generator(folder).generate(
            config.cores, size, seed=config.seed
        )
        for folders in trained(models).values()
        for folder in folders
    }
    return {
        "real": real_real(judge, views["train"], [views["search"], target]),
        "nulls": {name: judge.scores(judge.view(images), target) for name, images in sets.items()},
        "candidates": {
            name: judge.scores(judge.view(images), target) for name, images in cores.items()
        },
    }


def chosen(found: Mapping[str, Json], limits: gate.GateConfig) -> dict[str, Json]:
    """Choose what is offered, and say what speaks against each candidate.

    Parameters
    ----------
    found : of `gate_scores`
    limits : GateConfig

    Returns
    -------
    dict
        ``offered`` a name; ``reasons`` name → what the gate says, of crops that are valid and
        without a standing champion.
    """
    candidates = found["candidates"]
    reasons = {
        name: gate.verdict(scores, found["real"], found["nulls"], limits, valid=True)
        for name, scores in candidates.items()
    }
    return {"offered": gate.best(candidates, reasons), "reasons": reasons}


def offer(name: str, found: Mapping[str, Json], models: Path, crops: Path) -> dict[str, Json]:
    """Return what is to be known of the offered generator by whoever registers it.

    Parameters
    ----------
    name : <method>/<seed>
    found : of `gate_scores`
    models : folder of the generators
    crops : file of the crops of the gate

    Returns
    -------
    dict
        ``name``, ``method``; ``sha256`` of its files and ``probe``, what they draw; ``judged_on``
        digest of the crops; its ``scores`` with the ``main`` one, and ``real`` and ``nulls`` of
        `gate_scores`.
    """
    files = models / name
    return {
        "name": name,
        "method": name.split("/")[0],
        "sha256": sha256(files),
        "probe": grey_probe(load_generator(files)),
        "judged_on": sha256(crops),
        "scores": found["candidates"][name],
        "main": gate.MAIN,
        "real": found["real"],
        "nulls": found["nulls"],
    }
