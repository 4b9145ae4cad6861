"""Search each learner: artifacts/properties/search/; a second process shares its trials."""

from pathlib import Path

from poreops.base.files import read_json, read_table, sha256, write_json, write_yaml
from poreops.base.kept import kept_in
from poreops.base.settings import section
from poreops.errors import exit_on_input_error
from poreops.mlops.search import workers
from poreops.mlops.tracking import joined_run
from poreops.properties.learning.plans import SliceSplitConfig
from poreops.properties.learning.stacks import EnsembleConfig
from poreops.properties.search import EnsembleSearchConfig, Searches, adopted

TABLE = Path("artifacts/properties/parts/learn.parquet")
SELECTED = Path("artifacts/properties/selection/features.json")
OUT, PARTIAL = Path("artifacts/properties/search"), Path("artifacts/.partial/properties-search")


def main() -> None:
    """Write what is chosen, the same as a profile, and what randomised and whole searches cost."""
    config = section("properties.search", EnsembleSearchConfig)
    stated = section("properties.learners", EnsembleConfig)
    split = section("properties.split", SliceSplitConfig)
    folder = kept_in(PARTIAL, f"{config}{stated}{split}{sha256(TABLE)}{sha256(SELECTED)}")
    table, features = read_table(TABLE), read_json(SELECTED)["contexts"]
    title, shared = f"{config.use}, {config.sampler} search", workers("search", folder / "all")
    with joined_run("properties_search", title, *shared) as tracked:
        searches = Searches(config, stated, split, table, features, folder, tracked)
        costs, chosen = searches.against_grid(), searches.best(print)
        tracked.log_params({"search": config.model_dump()})
        tracked.log_metrics({"against_grid": costs})
    write_yaml(OUT / "best.yaml", {"chosen": chosen})
    write_yaml(OUT / "profile.yaml", adopted(chosen))
    write_json("reports/properties/search.json", {"use": config.use, "against_grid": costs})


if __name__ == "__main__":
    with exit_on_input_error():
        main()
