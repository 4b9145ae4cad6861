"""Choose features by collinearity and significance: artifacts/properties/selection/features.json, figures.

On the rocks to learn from, once with all kinds and once without each kind and each pair of kinds:
a score on a kind that was left out must not have its rocks in the choice either.
"""

from pathlib import Path

from poreops.base.files import read_json, read_table, write_json
from poreops.base.settings import section
from poreops.errors import exit_on_input_error
from poreops.images.pictures import save
from poreops.mlops.tracking import run
from poreops.properties.figures import pictures as rock_plots
from poreops.properties.judging.left_out import key, left_out_sets
from poreops.properties.learning.laws import TARGETS, targets
from poreops.properties.learning.plans import kept
from poreops.properties.selection import SelectionConfig, correlation, select
from poreops.properties.slices.features import INPUTS, design

REPORTS = Path("reports/properties/exploration")


def main() -> None:
    """Write the selected features with their statistics, and the figures of the exploration."""
    table = read_table("artifacts/properties/parts/learn.parquet")
    x, y = design(table, INPUTS), targets(table)
    rocks, kinds = table["rock"].to_numpy(), table["kind"].to_numpy()
    config = section("properties.selection", SelectionConfig)
    found = {}
    for left in left_out_sets(kinds):
        rows = kept(kinds, left)
        found[key(left)] = select(x[rows], INPUTS, y[rows], rocks[rows], config)
    everywhere = found[key(())]
    write_json(
        "artifacts/properties/selection/features.json",
        {
            "features": everywhere.names,
            "removed": everywhere.removed,
            "inflation": everywhere.inflation,
            "p_values": everywhere.p_values,
            "contexts": {name: of.names for name, of in found.items()},
            "valid": read_json("reports/properties/validation.json")["success"],
        },
    )
    figures = {
        "correlation.png": rock_plots.correlation(correlation(x, y, [*INPUTS, *TARGETS])),
        "selection.png": rock_plots.selection(everywhere, config),
    }
    with run("properties_select", f"{len(everywhere.names)} of {len(INPUTS)} features") as tracked:
        tracked.log_params({"features": everywhere.names, **config.model_dump()})
        for name, figure in figures.items():
            tracked.log_figure(figure, name)
            save(figure, REPORTS / name)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
