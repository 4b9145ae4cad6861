"""Is a rock like those that a model learned from? Inside, near or outside of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from poreops.base.extras import needs
from poreops.cli.answer import Answer, Results
from poreops.cli.models import load
from poreops.errors import InputError

if TYPE_CHECKING:
    from poreops.cli.jobs import Conductances
    from poreops.cli.source import ImageSource
    from poreops.conductance.learning.seen import Drift


def drift_of_image(source: "ImageSource", given: "Conductances") -> Answer:
    """Compare the conduits of a segmented image with those of a conductance model.

    Parameters
    ----------
    source : of the segmented image
    given : states the model and how the image is partitioned
    """
    import poreops
    from poreops.conduits.partition import partition
    from poreops.networks.network import BYTES_PER_VOXEL

    needs("conductance", "a conductance model")
    header = source.fitting_header(BYTES_PER_VOXEL, "partitioning", sized=False)
    model = load(poreops.load_model, str(given.model))
    if len(header.shape) != model.ndim:
        raise InputError(
            f"the model learned from {model.ndim}D conduits, got a {len(header.shape)}D image; "
            "choose another model"
        )
    volume = source.read()
    regions = partition(volume.image, r_max=given.r_max, sigma=given.sigma)
    found = model.drift(regions.labels, regions.conns)
    if found is None or model.seen is None:
        raise InputError(
            f"the model must keep what it learned from, got {given.model} of PoreOps 0.2.0 or "
            "earlier; train it again with: make repro"
        )
    return Answer(
        {
            "command": "drift",
            "image": source.path,
            "model": given.model,
            "state": found.state,
            "said": str(found),
            "conduits": found.conduits,
            "learned_from": model.seen.conduits,
            "beyond": dict(found.beyond),
        }
    )


def drift_of_slices(answer: Answer) -> Answer:
    """Return the part of an answer of `properties` that says how far its inputs are off.

    Parameters
    ----------
    answer : of `properties`
    """
    results = answer.results
    state = rock_inputs(results["outside"])
    worst = max(results["outside"], key=results["outside"].get, default=None)
    said = f"{state['state']} of what the model learned from"
    if worst is not None:
        said += f": {worst} is beyond it by {results['outside'][worst]:.0%} of its range"
    kept = {key: results[key] for key in ("image", "model")}
    return Answer(
        {"command": "drift", **kept, "said": said, **state, "shape": results["shape"]},
    )


def rock_inputs(outside: Mapping[str, float]) -> Results:
    """Return the state of the inputs of a model of rock properties.

    Parameters
    ----------
    outside : feature → share of its range that the inputs lie beyond it

    Examples
    --------
    >>> rock_inputs({})["state"], rock_inputs({"alignment": 0.05})["state"]
    ('inside', 'near')
    """
    from poreops.properties.learning.beyond import state_of

    return {"state": state_of(outside), "beyond": dict(outside)}


def drift_warnings(found: "Drift | None") -> list[str]:
    """Return what is to be said of conduits that are not like those of the model.

    Parameters
    ----------
    found : of the conduits; None without a model
    """
    if found is None or found.state in ("inside", "unknown"):
        return []
    return [f"the conduits are {found}; compare with --method dns on a part of the image"]


def drift_text(results: Results) -> str:
    """Return the results of `drift` for a terminal.

    Parameters
    ----------
    results : of `drift`
    """
    lines = [
        f"image     {results['image']}",
        f"model     {results['model']}",
        f"state     {results['state']}",
        "",
        results["said"],
    ]
    if results["beyond"]:
        lines += ["", "beyond it:"]
        ordered = sorted(results["beyond"].items(), key=lambda item: -item[1])
        lines += [f"  {name:<24} {share:.1%}" for name, share in ordered if share > 0]
    return "\n".join(lines)


def kind_of(uri: str) -> str:
    """Return what a model is of, "conduits" or "slices".

    Parameters
    ----------
    uri : of the model, or its folder
    """

    def look(named: str) -> str:
        from poreops.mlops.tracking import download

        folder = Path(named) if Path(named).is_dir() else download(named)
        for file, kind in (("conductance.json", "conduits"), ("rock_properties.json", "slices")):
            if any(folder.rglob(file)):
                return kind
        raise InputError(
            f"a drift is of a conductance model or of one of rock properties, got {named}; name "
            "such a model"
        )

    return load(look, uri)
