"""Decide on the gate part alone what answers for each property, and whether it is champion."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from poreops.base.content import Json
from poreops.mlops import gate
from poreops.mlops.gate import Rival, Rule
from poreops.properties.learning.laws import LAW, TARGETS
from poreops.properties.learning.stacks import STACKS

Null = Literal["constant", "porosity_alone", "kozeny_carman"]
MAIN = "log_permeability_mae"
"""What decides: mean error of log₁₀ k, kind of rock left out."""


class GateConfig(BaseModel):
    """What a model must reach on rocks whose kind it never saw to become champion.

    Attributes
    ----------
    margins : the error of log k must lie below this multiple of that of each null; a stack that
        does not beat Kozeny and Carman's law leaves the answer to it
    porosity_margin : the porosity is the counted one unless a stack's error is below this
        multiple of the counted one's
    porosity_mae_max : largest mean error of the porosity
    log_permeability_r2_min : smallest R² over the rocks
    coverage_min : smallest share of plugs and slices inside their intervals, of both properties
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    margins: Mapping[Null, Annotated[float, Field(gt=0, le=1)]]
    porosity_margin: Annotated[float, Field(gt=0, le=1)]
    porosity_mae_max: Annotated[float, Field(gt=0)]
    log_permeability_r2_min: float
    coverage_min: Annotated[float, Field(ge=0, le=1)]


Scores = Mapping[str, Mapping[str, Mapping[str, float]]]


def choose(scores: Scores, config: GateConfig) -> tuple[dict[str, str], list[str]]:
    """Choose what answers for each property.

    Parameters
    ----------
    scores : candidate or null → target → score, kind of rock left out
    config : GateConfig

    Returns
    -------
    served : target → name of a stack, or the law's
    reasons : why a stack does not answer for the permeability, if none does
    """
    best = min(STACKS, key=lambda name: scores[name]["log_permeability"]["mae"])
    reasons = gate.verdict(
        flat(scores[best]), [], valid=True, main=MAIN, rivals=rivals(scores, config, by_stack=True)
    )
    stacks = [best] if not reasons else [*STACKS]
    closest = min(stacks, key=lambda name: scores[name]["porosity"]["mae"])
    counted = scores[LAW]["porosity"]["mae"]
    corrected = scores[closest]["porosity"]["mae"] < config.porosity_margin * counted
    answers = (closest if corrected else LAW, LAW if reasons else best)
    return dict(zip(TARGETS, answers, strict=True)), reasons


def rivals(scores: Scores, config: GateConfig, *, by_stack: bool) -> dict[str, Rival]:
    """Return whom a model must beat; the law need not beat itself.

    Parameters
    ----------
    scores : candidate or null → target → score, kind of rock left out
    config : GateConfig
    by_stack : whether a stack answers for the permeability
    """
    return {
        name: Rival(flat(scores[name]), margin)
        for name, margin in config.margins.items()
        if by_stack or name != LAW
    }


def flat(scores: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Return the scores of one model under one name each, as "porosity_r2".

    Parameters
    ----------
    scores : target → score → value
    """
    return {f"{target}_{key}": v for target, of in scores.items() for key, v in of.items()}


def verdict(
    judged: Mapping[str, Json],
    champion: Mapping[str, float] | None,
    valid: bool,
    config: GateConfig,
) -> list[str]:
    """Say why what was chosen may not become champion; an empty list lets it.

    Parameters
    ----------
    judged : of artifacts/properties/judged/judged.json: ``served`` (target → candidate), its
        ``scores`` (flat, with ``coverage``), and those of all ``candidates``
    champion : scores of the standing champion on the same rocks; None for no such
    valid : whether the data passed its validation
    config : GateConfig
    """
    by_stack = judged["served"]["log_permeability"] != LAW
    others = rivals(judged["candidates"], config, by_stack=by_stack)
    if champion is not None:
        others["the champion"] = Rival(champion)
    rules = [
        Rule("porosity_mae", high=config.porosity_mae_max),
        Rule("log_permeability_r2", low=config.log_permeability_r2_min),
        Rule("coverage", low=config.coverage_min),
    ]
    return gate.verdict(judged["scores"], rules, valid=valid, main=MAIN, rivals=others)
