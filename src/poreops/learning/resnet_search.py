"""The search over `Candidate`: what each trial is trained on."""

from typing import Annotated

from pydantic import Field

from poreops.learning.search import SearchConfig


class ResnetSearchConfig(SearchConfig):
    """A search over networks and trainings; its costs are `parameters` and `seconds`.

    Attributes
    ----------
    epochs : of each trial
    conduits : training conduits of each trial, from the first volumes
    """

    epochs: Annotated[int, Field(ge=1)]
    conduits: Annotated[int, Field(ge=1)]
