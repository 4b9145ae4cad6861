"""What the conduits of a volume are labelled with: their size factors by simulation."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from poreops.base.arrays import Integers
from poreops.base.content import Json
from poreops.conduits.convention import Convention
from poreops.conduits.diffusive import diffusive_size_factors
from poreops.conduits.hydraulic import hydraulic_size_factors
from poreops.conduits.quantity import Target
from poreops.solvers.stokes.walls import Walls


class LabelConfig(BaseModel):
    """How conduits are labelled.

    Attributes
    ----------
    target : the size factor of diffusion, or of flow
    convention : where the current of diffusion enters and leaves, see ``diffusive_size_factors``
    walls : convention of the walls of flow, see ``hydraulic_size_factors``
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: Target
    convention: Convention
    walls: Walls


def label_definition(attributes: Mapping[str, Json]) -> LabelConfig:
    """Return how the labels of a file are defined, from the file's attributes."""
    return LabelConfig(**{name: attributes[name] for name in LabelConfig.model_fields})


def simulated_size_factors(
    labels: Integers,
    conns: Integers,
    config: LabelConfig,
    *,
    workers: int | None = None,
) -> NDArray[np.float64]:
    """Return the size factor (Nt,) of every conduit in voxels (diffusion) or voxels³ (flow)."""
    if config.target == "hydraulic":
        return hydraulic_size_factors(labels, conns, walls=config.walls, workers=workers)
    return diffusive_size_factors(labels, conns, convention=config.convention, workers=workers)
