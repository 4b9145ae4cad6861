"""The gate to the champion's place: what a model must reach on the volumes of the gate."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from poreops.base.content import Json
from poreops.conductance.learning.members import UNCORRECTED
from poreops.mlops.gate import Rival, Rule, Scores, verdict

if TYPE_CHECKING:
    from poreops.mlops.registry import Candidate

Share = Annotated[float, Field(ge=0)]


class GateConfig(BaseModel):
    """What a model must reach on the gate's volumes to become champion.

    Attributes
    ----------
    r2_min, r2_log_min : smallest R² of G and of log G
    mape_max : largest mean absolute relative error
    null_margin : the mean error must lie below this multiple of that of each null: a constant,
        the coarse solve, and the model itself with the inputs of other conduits
    material_margin : on each material left out the mean error must lie below this multiple of
        that of a constant, of the coarse solve, and of the model's own estimate, uncorrected
    member_gain : a dearer member is served only where its mean error is below this multiple of
        that of the simpler one
    probe : number of conduits that are kept with the version, to score every later rival on
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    r2_min: float
    r2_log_min: float
    mape_max: Share
    null_margin: Annotated[float, Field(gt=0, le=1)]
    material_margin: Annotated[float, Field(gt=0)]
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

    def refusals(
        self,
        candidate: "Candidate",
        standing: Scores | None,
        *,
        materials: Mapping[str, Json],
    ) -> list[str]:
        """Say why a candidate may not become champion; an empty list lets it.

        Parameters
        ----------
        candidate : its nulls are rivals too
        standing : scores of the champion on the same data, None without one
        materials : report of the stage conductance_materials
        """
        rivals = {
            name: Rival(scores, self.null_margin) for name, scores in candidate.nulls.items()
        }
        if standing is not None:
            rivals["the champion"] = Rival(standing)
        reasons = verdict(
            candidate.scores, self.rules, valid=candidate.valid, main=candidate.main, rivals=rivals
        )
        return reasons + self._on_materials(candidate.main, materials)

    def _on_materials(self, main: str, report: Mapping[str, Json]) -> list[str]:
        """Say on which materials the champion to be is no better than what learned nothing."""
        chosen, reasons = report["champion"], []
        for name, of in report["materials"].items():
            nulls = dict(of["nulls"])
            if chosen != "physics":
                nulls.pop(UNCORRECTED, None)
            if chosen != "coarse" and "coarse" in of["members"]:
                nulls["the coarse solve"] = of["members"]["coarse"]
            rivals = {
                f"{null} on {name}": Rival(scores, self.material_margin)
                for null, scores in nulls.items()
            }
            own = of["members"][chosen]
            reasons += verdict(own, [], valid=True, main=main, rivals=rivals)
        return reasons
