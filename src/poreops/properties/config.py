"""The section `properties` of params.yaml."""

from pydantic import BaseModel, ConfigDict

from poreops.properties.gate import GateConfig
from poreops.properties.judging.evaluation import JudgingConfig
from poreops.properties.learning.plans import SliceSplitConfig
from poreops.properties.learning.selection import SelectionConfig
from poreops.properties.learning.stacks import EnsembleConfig
from poreops.properties.rocks import RocksConfig
from poreops.properties.search import EnsembleSearchConfig
from poreops.properties.slices.segment import SegmentConfig
from poreops.properties.suites import ValidationConfig


class PropertiesParams(BaseModel):
    """Every parameter of the properties line; each model stands beside the code that obeys it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rocks: RocksConfig
    segmentation: SegmentConfig
    validation: ValidationConfig
    split: SliceSplitConfig
    selection: SelectionConfig
    learners: EnsembleConfig
    search: EnsembleSearchConfig
    judging: JudgingConfig
    gate: GateConfig
