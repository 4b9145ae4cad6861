"""What the labels of conduits are: which size factor, by which convention."""

from collections.abc import Mapping
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

from poreops.base.content import Json
from poreops.base.conventions import Convention, Walls
from poreops.base.targets import FIRST
from poreops.conduits.quantity import Target


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


class TargetsConfig(BaseModel):
    """How conduits are labelled in a run of one target or of both.

    Attributes
    ----------
    target : the size factor of diffusion, of flow, or of both, diffusion first
    convention, walls : as of `LabelConfig`
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: Target | Literal["both"]
    convention: Convention
    walls: Walls

    @property
    def each(self) -> dict[str, LabelConfig]:
        """Folder of each target, as `base.targets` has it, → how it is labelled."""
        targets: tuple[Target, ...] = get_args(Target) if self.target == "both" else (self.target,)
        return {
            target if number else FIRST: LabelConfig(
                target=target, convention=self.convention, walls=self.walls
            )
            for number, target in enumerate(targets)
        }


FURTHER = "further."
"""Begins the attributes of a file of labels that name the digests of those of further targets."""


def label_definition(attributes: Mapping[str, Json]) -> LabelConfig:
    """Return how the labels of a file are defined, from the file's attributes.

    Parameters
    ----------
    attributes : of a file of labels
    """
    return LabelConfig(**{name: attributes[name] for name in LabelConfig.model_fields})
