"""The gate of the digital cores: limits from the rock itself, nulls, and what is offered."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from poreops.mlops import gate

MAIN = "kid"
"""The score that decides between generators."""

Scores = Mapping[str, float]
Positive = Annotated[float, Field(gt=0)]

RATIO = "copies_ratio"
"""What is asked of `poreops.cores.judging.copies.copies_ratio`, from both sides."""

LIMITED = (
    "kid",
    "kid_averaged",
    "s2",
    "correlation_length",
    "pore_share",
    "ore_share",
    "perimeter",
    "euler",
    "chords",
    "lineal_path",
    "copies",
)
"""Scores whose limit is a multiple of what parts of the rock differ by."""


class GateConfig(BaseModel):
    """What a generator must reach on the crops of the gate to become champion.

    Attributes
    ----------
    times : each score may be so many times that of real against real
    tolerance : score → what is always allowed: real against real may agree by chance
    margin : KID must lie below this share of that of every null
    copies_ratio : least and largest distance to the training crops, where 1 is that of real crops
        of other places
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    times: Positive
    tolerance: Mapping[str, Positive]
    margin: Annotated[float, Field(gt=0, le=1)]
    copies_ratio: tuple[Positive, Positive]

    @model_validator(mode="after")
    def _all_limited(self) -> Self:
        if set(self.tolerance) != set(LIMITED):
            raise ValueError(f"a tolerance is needed for each of {', '.join(LIMITED)}")
        return self


def rules(real_real: Scores, config: GateConfig) -> list[gate.Rule]:
    """Return the limits of the scores.

    Parameters
    ----------
    real_real : each of `LIMITED` between disjoint parts of the rock
    config : GateConfig
    """
    low, high = config.copies_ratio
    limits = [
        gate.Rule(name, high=max(config.times * real_real[name], config.tolerance[name]))
        for name in LIMITED
    ]
    return [*limits, gate.Rule(RATIO, low, high)]


def verdict(
    scores: Scores,
    real_real: Scores,
    nulls: Mapping[str, Scores],
    config: GateConfig,
    *,
    valid: bool,
    standing: Scores | None = None,
) -> list[str]:
    """Say why a generator may not become champion; an empty list lets it.

    Parameters
    ----------
    scores : of the generator on the crops of the gate
    real_real : the same between disjoint parts of the rock
    nulls : name in words → scores of images that learned nothing
    config : GateConfig
    valid : whether the crops passed their validation
    standing : scores of the champion on the same crops, if it has some
    """
    rivals = {name: gate.Rival(found, config.margin) for name, found in nulls.items()}
    if standing is not None:
        rivals["the champion"] = gate.Rival(standing)
    limits = rules(real_real, config)
    return gate.verdict(scores, limits, valid=valid, main=MAIN, rivals=rivals)


def best(candidates: Mapping[str, Scores], reasons: Mapping[str, list[str]]) -> str:
    """Return the name of what is offered: the lowest KID of those that pass, else of all.

    Parameters
    ----------
    candidates : name → scores on the crops of the gate
    reasons : name → what `verdict` says of it
    """
    return min(candidates, key=lambda name: (bool(reasons[name]), candidates[name][MAIN]))
