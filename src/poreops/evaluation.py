"""Judge a conductance model: the gate to the champion's place, and the networks it drives."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0)]


class GateConfig(BaseModel):
    """What a model must reach on the unseen volumes to become champion.

    Attributes
    ----------
    r2_min, r2_log_min : smallest R² of G and of log G
    mape_max : largest mean absolute relative error
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    r2_min: float
    r2_log_min: float
    mape_max: Share


class NetworkEvaluationConfig(BaseModel):
    """How networks are judged.

    Attributes
    ----------
    runtime_sizes : edges of the volumes whose run time is measured [voxel]
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    runtime_sizes: tuple[Annotated[int, Field(ge=32)], ...]


def verdict(
    challenger: Mapping[str, Any],
    champion: Mapping[str, Any] | None,
    valid: bool,
    gate: GateConfig,
) -> list[str]:
    """Say why a challenger may not become champion; an empty list lets it.

    Parameters
    ----------
    challenger, champion : scores ``r2``, ``r2_log``, ``mape`` on the same unseen volumes; no
        champion, or one judged on other volumes, is None
    valid : whether the data passed its validation
    gate : GateConfig
    """
    reasons = [] if valid else ["the data did not pass its validation"]
    for name, low in (("r2", gate.r2_min), ("r2_log", gate.r2_log_min)):
        if not challenger[name] >= low:
            reasons.append(f"{name} {challenger[name]:.4f} is below {low}")
    if not challenger["mape"] <= gate.mape_max:
        reasons.append(f"mape {challenger['mape']:.4f} is above {gate.mape_max}")
    if champion is not None and not challenger["mape"] < champion["mape"]:
        reasons.append(
            f"mape {challenger['mape']:.4f} is not below the champion's {champion['mape']:.4f}"
        )
    return reasons
