"""How conductance models are judged: the gate to the champion's place, and the networks."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from poreops.gate import Rule

Share = Annotated[float, Field(ge=0)]


class GateConfig(BaseModel):
    """What a model must reach on the gate's volumes to become champion.

    Attributes
    ----------
    r2_min, r2_log_min : smallest R² of G and of log G
    mape_max : largest mean absolute relative error
    null_margin : the mean error must lie below this multiple of that of each null: a constant,
        the coarse solve, and the model itself with the inputs of other conduits
    member_gain : a dearer member is served only where its mean error is below this multiple of
        that of the simpler one
    probe : number of conduits that are kept with the version, to score every later rival on
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    r2_min: float
    r2_log_min: float
    mape_max: Share
    null_margin: Annotated[float, Field(gt=0, le=1)]
    member_gain: Annotated[float, Field(gt=0, le=1)]
    probe: Annotated[int, Field(ge=1)]

    @property
    def rules(self) -> list[Rule]:
        """The limits as rules."""
        return [
            Rule("r2", low=self.r2_min),
            Rule("r2_log", low=self.r2_log_min),
            Rule("mape", high=self.mape_max),
        ]


class NetworkEvaluationConfig(BaseModel):
    """How networks are judged.

    Attributes
    ----------
    runtime_sizes : edges of the volumes whose run time is measured [voxel]
    runtime_porosity, runtime_radius : of all of them, so that the size alone differs
    runtime_repeats : of each measurement but that of the partition, whose median counts
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    runtime_sizes: tuple[Annotated[int, Field(ge=32)], ...]
    runtime_porosity: Annotated[float, Field(gt=0, lt=1)]
    runtime_radius: Annotated[float, Field(gt=0)]
    runtime_repeats: Annotated[int, Field(ge=1)]
