"""Choose features by collinearity and significance: artifacts/properties/selection/.

On the rocks to learn from, once with all kinds and once without each kind and each pair of kinds:
a score on a kind that was left out must not have its rocks in the choice either.
"""

from pathlib import Path

from poreops.base.files import read_json, read_table, write_json, write_table
from poreops.base.settings import section
from poreops.errors import exit_on_input_error
from poreops.mlops.tracking import run
from poreops.properties.learning.laws import TARGETS, targets
from poreops.properties.learning.left_out import key, select_left_out
from poreops.properties.learning.selection import SelectionConfig, correlation
from poreops.properties.slices.features import INPUTS, design

OUT = Path("artifacts/properties/selection")


def main() -> None:
    """Write the features that are kept everywhere, and the statistics behind them."""
    table = read_table("artifacts/properties/parts/learn.parquet")
    config = section("properties.selection", SelectionConfig)
    found = select_left_out(table, config)
    kept = {name: of.names for name, of in found.items()}
    valid = read_json("reports/properties/validation.json")["success"]
    of_all = found[key(())]
    write_json(OUT / "features.json", {"features": of_all.names, "contexts": kept, "valid": valid})
    write_json(OUT / "statistics.json", of_all.statistics(config))
    related = correlation(design(table, INPUTS), targets(table), [*INPUTS, *TARGETS])
    write_table(OUT / "correlation.parquet", related)
    with run("properties_selection", f"{len(of_all.names)} of {len(INPUTS)} features") as tracked:
        tracked.log_params({"features": of_all.names, **config.model_dump()})


if __name__ == "__main__":
    with exit_on_input_error():
        main()
