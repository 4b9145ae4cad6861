"""Fine-tune a conductance model to the conduits of an image."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from poreops.base.extras import needs
from poreops.cli.answer import Answer, Results
from poreops.cli.models import loaded_model
from poreops.cli.progress import Clock
from poreops.cli.source import ImageSource
from poreops.errors import InputError

if TYPE_CHECKING:
    from poreops.conductance.finetuned import Origin
    from poreops.conductance.finetuning import FineTuned
    from poreops.conductance.physics import PhysicsModel
    from poreops.conduits.partition import Regions

CURVE, PICTURE = "learning_curve.json", "learning_curve.png"
_PICKS = ("influence", "random")


@dataclass(frozen=True)
class Asked:
    """What was asked for."""

    model: str
    labels: float
    pick: str
    seed: int
    register: bool
    r_max: int
    sigma: float
    workers: int | None


class _Conduits(NamedTuple):
    """The conduits of an image that have an estimate."""

    conns: NDArray[np.int64]
    rows: NDArray[np.float32]
    influence: NDArray[np.float64]


def finetune(source: ImageSource, asked: Asked) -> Answer:
    """Label, learn and judge; register what beats its parent.

    Parameters
    ----------
    source : of the segmented image
    asked : Asked
    """
    import poreops
    from poreops.conductance import finetuned, finetuning
    from poreops.conductance.model import DESCRIPTION
    from poreops.conductance.physics import CORRECTION
    from poreops.conduits.partition import partition
    from poreops.conduits.simulated import simulated_size_factors
    from poreops.networks.network import BYTES_PER_VOXEL

    needs("conductance", "a fine-tuned model")
    clock = Clock()
    parent = _parent(asked)
    header = source.fitting_header(BYTES_PER_VOXEL, "fine-tuning")
    if len(header.shape) != parent.ndim:
        raise InputError(
            f"the model learned from {parent.ndim}D conduits, got a {len(header.shape)}D image; "
            "choose another model"
        )
    with clock.stage("read"):
        volume = source.read()
    with clock.stage("partition"):
        regions = partition(volume.image, r_max=asked.r_max, sigma=asked.sigma)
    with clock.stage("estimate"):
        every = _estimated(parent, regions)
    labelled: dict[int, float] = {}

    def simulate(which: NDArray[np.intp]) -> NDArray[np.float64]:
        with clock.stage("simulate"):
            found = simulated_size_factors(
                regions.labels, every.conns[which], parent.label, workers=asked.workers
            )
        labelled.update(zip(which.tolist(), found.tolist(), strict=True))
        return found

    with clock.timed("learn"):
        found = finetuning.fine_tuned(
            parent, every.rows, every.influence, simulate,
            share=asked.labels, pick="random" if asked.pick == "random" else "influence",
            seed=asked.seed,
        )  # fmt: skip
    entry = None
    if found.beats and asked.register:
        with clock.stage("register"):
            pores = hashlib.sha256(np.packbits(volume.image).tobytes()).hexdigest()
            origin = _origin(asked.model, parent, Path(source.path).name, pores)
            entry = finetuned.entered(found, *_probe(found, every, labelled, regions), origin)
    told = finetuning.summary(found)
    results: Results = {
        "command": "finetune",
        "version": poreops.__version__,
        "image": source.path,
        "model": asked.model,
        "target": parent.target,
        "simulated": len(labelled),
        **told,
        "registered": None if entry is None else f"models:/{entry.name}/{entry.version}",
        "seconds": clock.seconds,
    }

    def write(folder: Path) -> None:
        from poreops.base.files import write_json
        from poreops.base.show.pictures import save
        from poreops.conductance.figures.finetuning import learning_curve

        write_json(folder / CURVE, told)
        save(learning_curve(found), folder / PICTURE)
        if found.beats:
            found.model.save(folder)

    files = (CURVE, PICTURE, *((DESCRIPTION, CORRECTION) if found.beats else ()))
    return Answer(results, files, write)


def finetune_text(results: Results) -> str:
    """Return the results of `finetune` for a terminal.

    Parameters
    ----------
    results : of `finetune`
    """
    parent = results["parent"]
    columns = ("mape", "off_by_10pct", "covered", "half_width")
    lines = [
        f"image     {results['image']}",
        f"model     {results['model']}",
        (
            f"conduits  {results['conduits']}, {results['simulated']} of them simulated, "
            f"judged on {results['judged']}"
        ),
        "",
        f"{'labels':<28} {'mean error':>10} {'off by > 10 %':>14} {'covered':>8} {'width':>8}",
        _row("none, the parent", [parent[name] for name in columns]),
    ]
    for point in results["curve"]:
        name = f"{point['labels']} by {point['pick']}, {point['way']}"
        lines.append(_row(name, [point["score"][name] for name in columns]))
    lines += ["", f"verdict   {results['verdict']}"]
    if results["registered"]:
        lines.append(f"          registered as challenger: {results['registered']}")
    elif results["beats"]:
        lines.append("          not registered, as asked for; its files are in the folder")
    return "\n".join(lines)


def _row(name: str, values: list[float]) -> str:
    mape, off, covered, width = values
    return f"{name:<28} {mape:>10.2%} {off:>14.1%} {covered:>8.1%} {width:>8.2%}"


def _parent(asked: Asked) -> "PhysicsModel":
    """Return the model that is to learn, or raise InputError."""
    from poreops.conductance.finetuning import checked_share
    from poreops.conductance.physics import PhysicsModel

    checked_share(asked.labels)
    if asked.pick not in _PICKS:
        raise InputError(
            f"labels are picked by one of {', '.join(_PICKS)}, got {asked.pick!r}; correct --pick"
        )
    if asked.register:
        from poreops.mlops.tracking import tracking_uri

        tracking_uri()  # nothing is simulated for a registry that is not there
    model = loaded_model(asked.model)
    if not isinstance(model, PhysicsModel):
        member = getattr(model, "member", "another kind")
        raise InputError(
            f"fine-tuning is for models of the member physics, got one of {member}; choose "
            "another --model, as shipped:diffusion or shipped:flow"
        )
    return model


def _estimated(parent: "PhysicsModel", regions: "Regions") -> _Conduits:
    """Return the conduits that have an estimate, with their influence on the network."""
    from poreops.conductance.model import carrying
    from poreops.conduits.contacts import face_contacts, mirrored_conduits
    from poreops.conduits.crop import crop_conduits
    from poreops.networks.influence import influence

    labels, conns = regions.labels, regions.conns
    touching: list[bool] = []
    parts = [
        encoded.scalars
        for encoded, _ in parent.prepared(carrying(crop_conduits(labels, conns), touching))
    ]
    if not parts:
        raise InputError(
            f"fine-tuning needs conduits, the image has {regions.count} region(s) and no throat; "
            "give a larger image"
        )
    rows = np.concatenate(parts)
    factors = np.zeros(len(conns))
    factors[touching] = parent.answer(rows).size_factors
    contacts = face_contacts(labels)
    ends = 2 * parent.conduit_size_factors(mirrored_conduits(labels, contacts))
    shares = influence(conns, contacts, np.append(factors, ends), labels.ndim)[: len(conns)]
    some = np.flatnonzero(touching)[np.isfinite(rows).all(axis=1)]
    return _Conduits(conns[some], rows[np.isfinite(rows).all(axis=1)], shares[some])


def _probe(
    found: "FineTuned", every: _Conduits, labelled: dict[int, float], regions: "Regions"
) -> tuple[list[NDArray[np.uint8]], NDArray[np.float64]]:
    """Return some of the conduits that were judged on, and their size factors."""
    from poreops.conductance.finetuned import PROBE
    from poreops.conduits.crop import crop_conduits
    from poreops.conduits.joined import joined

    judged = found.tested[:PROBE].tolist()
    crops = [joined(crop) for crop in crop_conduits(regions.labels, every.conns[judged])]
    return [crop for crop in crops if crop is not None], np.array([labelled[n] for n in judged])


def _origin(uri: str, parent: "PhysicsModel", rock: str, pores: str) -> "Origin":
    """Return where a fine-tuned model comes from; an alias is named by its version."""
    from poreops.base.files import sha256
    from poreops.conductance.finetuned import Origin

    if uri.startswith("models:"):
        from poreops.mlops.tracking.versions import resolve

        version = resolve(uri)
        return Origin(version.uri, version.tags.get("files.sha256", ""), rock, pores)
    with TemporaryDirectory() as folder:
        parent.save(folder)
        return Origin(uri, sha256(folder), rock, pores)
