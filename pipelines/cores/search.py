"""Search WGAN-GP by Optuna, judged by KID on the crops for the search: artifacts/cores/search.

With ``cores.search.use: stated`` nothing is searched.
"""

from pathlib import Path

from poreops.base.files import write_yaml
from poreops.base.settings import as_profile, section
from poreops.cores.judging.evaluation import JudgingConfig
from poreops.cores.learning.networks import GeneratorConfig
from poreops.cores.learning.training import Candidate, TrainingConfig
from poreops.cores.search import GeneratorSearchConfig, best_candidate
from poreops.errors import exit_on_input_error
from poreops.mlops.search import STATED

CROPS, PARTIAL = Path("artifacts/cores/crops"), Path("artifacts/.partial/cores-search")
OUT = Path("artifacts/cores/search")


def main() -> None:
    """Write what cores_train takes instead of the stated values, and the same as a profile."""
    config = section("cores.search", GeneratorSearchConfig)
    judging = section("cores.judging", JudgingConfig)
    stated = Candidate(
        generator=section("cores.generator", GeneratorConfig),
        training=section("cores.training", TrainingConfig),
    )
    files = {"train": CROPS / "train.h5", "judge": CROPS / "search.h5", "partial": PARTIAL}
    found = STATED
    if config.use == "best":
        found = best_candidate(stated, config, judging, **files)
    write_yaml(OUT / "best.yaml", dict(found))
    write_yaml(OUT / "profile.yaml", as_profile("cores", found["chosen"]))


if __name__ == "__main__":
    with exit_on_input_error():
        main()
