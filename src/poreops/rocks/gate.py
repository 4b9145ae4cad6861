"""Judge a model of rock properties: what it must reach, and against whom."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(gt=0, lt=1)]


class RockEvaluationConfig(BaseModel):
    """How models are judged.

    Attributes
    ----------
    coverage : of the prediction intervals
    folds : of whole rocks, of the out-of-fold predictions while one rock is left out
    random_folds : of single slices, in the random split
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    coverage: Share
    folds: Annotated[int, Field(ge=2)]
    random_folds: Annotated[int, Field(ge=2)]


class RockGateConfig(BaseModel):
    """What a model must reach on left-out rocks to become champion.

    Attributes
    ----------
    porosity_r2_min, log_permeability_r2_min : smallest R² over the rocks
    coverage : range of the measured coverage of the intervals
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    porosity_r2_min: float
    log_permeability_r2_min: float
    coverage: tuple[Annotated[float, Field(ge=0, le=1)], Annotated[float, Field(ge=0, le=1)]]


def verdict(
    challenger: Mapping[str, Any],
    kozeny_carman: Mapping[str, Any],
    champion: Mapping[str, Any] | None,
    valid: bool,
    gate: RockGateConfig,
) -> list[str]:
    """Say why a challenger may not become champion; an empty list lets it.

    Parameters
    ----------
    challenger, champion : ``porosity_r2``, ``log_permeability_r2``, ``log_permeability_mae`` and
        ``coverage`` on rocks left out one by one; no champion, or one judged on other rocks, is
        None
    kozeny_carman : its ``log_permeability_mae`` on the same rocks
    valid : whether the data passed its validation
    gate : RockGateConfig
    """
    reasons = [] if valid else ["the data did not pass its validation"]
    for target, low in (
        ("porosity_r2", gate.porosity_r2_min),
        ("log_permeability_r2", gate.log_permeability_r2_min),
    ):
        if not challenger[target] >= low:
            reasons.append(f"{target} {challenger[target]:.4f} is below {low}")
    low, high = gate.coverage
    if not low <= challenger["coverage"] <= high:
        reasons.append(f"coverage {challenger['coverage']:.3f} is not within {low} and {high}")
    error = challenger["log_permeability_mae"]
    for name, other in (("Kozeny-Carman's", kozeny_carman), ("the champion's", champion)):
        if other is not None and not error < other["log_permeability_mae"]:
            reasons.append(
                f"log_permeability_mae {error:.4f} is not below {name} "
                f"{other['log_permeability_mae']:.4f}"
            )
    return reasons
