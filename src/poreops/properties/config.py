"""The section `properties` of params.yaml."""

from pydantic import BaseModel, ConfigDict

from poreops.properties.gate import RockEvaluationConfig, RockGateConfig
from poreops.properties.learning.plans import SliceSplitConfig
from poreops.properties.learning.stacks import EnsembleConfig
from poreops.properties.rocks import RocksConfig
from poreops.properties.search import EnsembleSearchConfig
from poreops.properties.selection import SelectionConfig
from poreops.properties.slices.segment import SegmentConfig
from poreops.properties.suites import RockValidationConfig


class PropertiesParams(BaseModel):
    """Every parameter of the properties line; each model stands beside the code that obeys it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rocks: RocksConfig
    segmentation: SegmentConfig
    validation: RockValidationConfig
    split: SliceSplitConfig
    selection: SelectionConfig
    learners: EnsembleConfig
    search: EnsembleSearchConfig
    judging: RockEvaluationConfig
    gate: RockGateConfig
