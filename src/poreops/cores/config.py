"""The section `cores` of params.yaml."""

from pydantic import BaseModel, ConfigDict

from poreops.cores.crops import ShaleConfig
from poreops.cores.gate import CoreGateConfig
from poreops.cores.judging.evaluation import CoreEvaluationConfig
from poreops.cores.learning.networks import WganConfig
from poreops.cores.learning.training import WganTrainingConfig
from poreops.cores.search import WganSearchConfig
from poreops.cores.suites import CoreValidationConfig


class CoresParams(BaseModel):
    """Every parameter of the cores line; each model stands beside the code that obeys it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    crops: ShaleConfig
    validation: CoreValidationConfig
    generator: WganConfig
    training: WganTrainingConfig
    search: WganSearchConfig
    judging: CoreEvaluationConfig
    gate: CoreGateConfig
