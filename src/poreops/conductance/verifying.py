"""Score the models of the package again, on conduits that are simulated on the spot."""

from pathlib import Path

import numpy as np

from poreops.base.files import read_json
from poreops.conductance.judging.scores import scores
from poreops.conductance.physics import PhysicsModel
from poreops.conduits.crop import crop_conduits
from poreops.conduits.partition import Regions, partition
from poreops.conduits.simulated import simulated_size_factors
from poreops.errors import InputError
from poreops.synthetic.sample import sample_rock

CONDUITS = 60  # of the rock, at most
_APART = 0.002  # rounding differs between machines, a model does not


def sample_regions(ndim: int) -> Regions:
    """Return the regions of a drawn rock that the cards of the models of the package speak of.

    Parameters
    ----------
    ndim : 3, or 2 of a slice of it
    """
    return partition(sample_rock(64, 0.4) if ndim == 3 else sample_rock(128, 0.6)[64])


def rescored(files: Path, regions: Regions) -> dict[str, float]:
    """Return error and coverage of a model on every k-th conduit of a partitioned image.

    Parameters
    ----------
    files : folder of the model
    regions : Regions
    """
    model = PhysicsModel.load(files)
    conns = regions.conns[:: -(-len(regions.conns) // CONDUITS)]
    truth = simulated_size_factors(regions.labels, conns, model.label)
    found, widths = model.conduit_intervals(crop_conduits(regions.labels, conns))
    inside = np.abs(np.log(found / truth)) <= widths
    return {"mape": scores(found, truth)["mape"], "covered": float(inside.mean())}


def verified(folder: Path, regions: Regions) -> dict[str, object]:
    """Score a model of the package, and compare with what its card says of the same conduits.

    Parameters
    ----------
    folder : of `conductance.registry.shipped_folder`
    regions : of the rock that the card speaks of

    Returns
    -------
    the card, and what was found under ``again``

    Raises
    ------
    InputError
        The files are damaged, or the figures are others.
    """
    card, again = read_json(folder / "card.json"), rescored(folder, regions)
    stated = card["sample"]
    if abs(again["mape"] - stated["mape"]) > _APART:
        raise InputError(
            f"the model in {folder} must err by {stated['mape']:.2%} on the sample rock, "
            f"got {again['mape']:.2%}; install the package again"
        )
    return {**card, "again": again}
