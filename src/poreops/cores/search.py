"""The search over WGAN-GP: how much of the data and of the training a trial gets."""

from typing import Annotated

from pydantic import Field

from poreops.mlops.search import SearchConfig


class WganSearchConfig(SearchConfig):
    """A randomised search whose trials are judged by KID on the crops for the search.

    Attributes
    ----------
    epochs, steps : number of epochs, and of generator steps in each, of a trial
    cores : number of cores, and of crops for the search, that KID compares
    """

    epochs: Annotated[int, Field(ge=1)]
    steps: Annotated[int, Field(ge=1)]
    cores: Annotated[int, Field(ge=2)]
