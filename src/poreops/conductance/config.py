"""The section `conductance` of params.yaml."""

from pydantic import BaseModel, ConfigDict

from poreops.conductance.gate import GateConfig
from poreops.conductance.judging.run_times import JudgingConfig
from poreops.conductance.learning.resnet import ResnetConfig
from poreops.conductance.learning.splits import SplitConfig
from poreops.conductance.learning.training import TrainingConfig
from poreops.conductance.materials import MaterialsConfig
from poreops.conductance.search import MemberSearchConfig
from poreops.conductance.suites.rules import ValidationConfig
from poreops.conduits.labels import TargetsConfig
from poreops.conduits.partition import PartitionConfig
from poreops.synthetic.spheres import VolumesConfig


class ConductanceParams(BaseModel):
    """Every parameter of the conductance line; each model stands beside the code that obeys it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    volumes: VolumesConfig
    partition: PartitionConfig
    label: TargetsConfig
    validation: ValidationConfig
    split: SplitConfig
    network: ResnetConfig
    training: TrainingConfig
    search: MemberSearchConfig
    materials: MaterialsConfig
    gate: GateConfig
    judging: JudgingConfig
