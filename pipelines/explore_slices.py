"""Choose features by collinearity and significance: artifacts/selection/features.json, figures."""

from pathlib import Path

from poreops import plots
from poreops.errors import exit_on_input_error
from poreops.learning.rock_model import TARGETS, targets
from poreops.rocks import plots as rock_plots
from poreops.sections import section
from poreops.slices.features import INPUTS, design
from poreops.slices.selection import SelectionConfig, correlation, select
from poreops.store import read_json, read_table, write_json
from poreops.tracking import run

REPORTS = Path("reports/properties/exploration")


def main() -> None:
    """Write the selected features with their statistics, and the figures of the exploration."""
    table = read_table("artifacts/features/slices.parquet")
    x, y = design(table, INPUTS), targets(table)
    config = section("selection", SelectionConfig)
    found = select(x, INPUTS, y, table["rock"].to_numpy(), config)
    write_json(
        "artifacts/selection/features.json",
        {
            "features": found.names,
            "removed": found.removed,
            "inflation": found.inflation,
            "p_values": found.p_values,
            "valid": read_json("reports/slices_validation.json")["success"],
        },
    )
    figures = {
        "correlation.png": rock_plots.correlation(correlation(x, y, [*INPUTS, *TARGETS])),
        "selection.png": rock_plots.selection(found, config),
    }
    with run("explore_slices", f"{len(found.names)} of {len(INPUTS)} features") as tracked:
        tracked.log_params({"features": found.names, **config.model_dump()})
        for name, figure in figures.items():
            tracked.log_figure(figure, name)
            plots.save(figure, REPORTS / name)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
