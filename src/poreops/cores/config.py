"""The section `cores` of params.yaml."""

from pydantic import BaseModel, ConfigDict

from poreops.cores.crops import CropsConfig
from poreops.cores.gate import GateConfig
from poreops.cores.judging.evaluation import JudgingConfig
from poreops.cores.learning.networks import GeneratorConfig
from poreops.cores.learning.pieces import QuiltingConfig
from poreops.cores.learning.training import TrainingConfig
from poreops.cores.search import GeneratorSearchConfig
from poreops.cores.suites import ValidationConfig


class CoresParams(BaseModel):
    """Every parameter of the cores line; each model stands beside the code that obeys it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    crops: CropsConfig
    validation: ValidationConfig
    generator: GeneratorConfig
    training: TrainingConfig
    quilting: QuiltingConfig
    search: GeneratorSearchConfig
    judging: JudgingConfig
    gate: GateConfig
