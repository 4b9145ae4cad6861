"""Search network and training of one member: artifacts/conductance/search/{best,profile}.yaml.

With ``use: stated`` nothing is searched, and params.yaml is what is trained.
"""

import shutil
from pathlib import Path

from poreops.base.files import write_yaml
from poreops.base.settings import as_profile, section
from poreops.conductance.learning.resnet import ResnetConfig
from poreops.conductance.learning.training import Candidate, TrainingConfig
from poreops.conductance.search import MemberSearchConfig, SearchData, searched
from poreops.errors import exit_on_input_error
from poreops.mlops.search import STATED

ARTIFACTS, PARTIAL = Path("artifacts/conductance"), Path("artifacts/.partial/conductance-search")
SPLIT, CONDUITS = ARTIFACTS / "splits/by_volume.h5", ARTIFACTS / "conduits/train.h5"


def main() -> None:
    """Write the best feasible candidate, and the profile that adopts it."""
    config = section("conductance.search", MemberSearchConfig)
    stated = Candidate(
        network=section("conductance.network", ResnetConfig),
        training=section("conductance.training", TrainingConfig),
    )
    found = STATED
    if config.use == "best":
        data = SearchData(SPLIT, CONDUITS, ARTIFACTS / "labels/train.h5", config.conduits)
        found = searched(stated, config, data, PARTIAL).content
    write_yaml(ARTIFACTS / "search/best.yaml", found)
    write_yaml(ARTIFACTS / "search/profile.yaml", as_profile("conductance", found["chosen"]))
    shutil.rmtree(PARTIAL, ignore_errors=True)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
