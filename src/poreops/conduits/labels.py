"""What the labels of conduits are: which size factor, by which convention."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from poreops.base.content import Json
from poreops.base.conventions import Convention, Walls
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


def label_definition(attributes: Mapping[str, Json]) -> LabelConfig:
    """Return how the labels of a file are defined, from the file's attributes.

    Parameters
    ----------
    attributes : of a file of labels
    """
    return LabelConfig(**{name: attributes[name] for name in LabelConfig.model_fields})
