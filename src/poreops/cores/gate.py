"""Digital core models of the registry: load one by its URI; the gate to the champion's place."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from poreops.learning.core_model import DigitalCoreModel

MODEL = "digital-core"
"""Name of the registered model."""


class CoreGateConfig(BaseModel):
    """What a generator must reach on the held-out crops to become champion.

    Attributes
    ----------
    kid_max : largest KID
    s2_error_max : largest distance of the radial S2(r) from the real one, in standard deviations
    copies_max : largest share of cores that copy a training crop
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kid_max: Annotated[float, Field(gt=0)]
    s2_error_max: Annotated[float, Field(gt=0)]
    copies_max: Annotated[float, Field(ge=0, le=1)]


def verdict(
    challenger: Mapping[str, Any],
    champion: Mapping[str, Any] | None,
    valid: bool,
    gate: CoreGateConfig,
) -> list[str]:
    """Say why a generator may not become champion; an empty list lets it.

    Parameters
    ----------
    challenger, champion : ``kid``, ``s2_error``, ``copies`` on the same held-out crops; no
        champion, or one judged on other crops, is None
    valid : whether the crops passed their validation
    gate : CoreGateConfig
    """
    reasons = [] if valid else ["the crops did not pass their validation"]
    limits = {
        "kid": gate.kid_max, "s2_error": gate.s2_error_max, "copies": gate.copies_max,
    }  # fmt: skip
    for name, high in limits.items():
        if not challenger[name] <= high:
            reasons.append(f"{name} {challenger[name]:.4g} is above {high}")
    if champion is not None and not challenger["kid"] < champion["kid"]:
        reasons.append(
            f"kid {challenger['kid']:.4g} is not below the champion's {champion['kid']:.4g}"
        )
    return reasons


def load_core_model(uri: str) -> "DigitalCoreModel":
    """Load a digital core model.

    Parameters
    ----------
    uri : as ``models:/digital-core@champion``, or a folder that the stage train_wgan wrote

    Returns
    -------
    DigitalCoreModel
        With ``.generate(count, size, seed=0)``.

    Raises
    ------
    InputError
        No such model or no champion (``make repro`` makes one), or files that do not fit.
    """
    from poreops.learning.core_model import DESCRIPTION, DigitalCoreModel
    from poreops.registration import model_files

    remedy = f"name one that register_wgan registered, as models:/{MODEL}@champion"
    return DigitalCoreModel.load(model_files(uri, DESCRIPTION, "a digital core model", remedy))
