"""The page of the properties line: pictures and tables in one file."""

import base64
from collections.abc import Mapping
from pathlib import Path

from poreops.base.content import Json
from poreops.base.files import write_text
from poreops.base.pages import rendered
from poreops.properties.figures.pictures import NAMES

SECTIONS = (
    (
        "Segmentation",
        "overlays.png",
        "Grey slices; pores in blue, the necks where the watershed splits them in yellow.",
    ),
    ("Correlation", "correlation.png", "Inputs of the models (ℓ: hydraulic length)."),
    ("Selection", "selection.png", "Variance inflation, then weighted least squares."),
    ("Search", "search_costs.png", "Randomised search against the exhaustive grid."),
    (
        "Kind of rock left out",
        "parity_left_out.png",
        "Each rock of the report predicted by models that never saw its kind.",
    ),
    ("Models", "models.png", "R² on three splits, seconds of training and prediction."),
    ("Random split", "parity_random.png", "80:20 split: rocks are on both sides."),
    (
        "Pore sizes",
        "pore_sizes.png",
        "Cumulative distributions of the pores' diameters, a curve for each plug of the report.",
    ),
    ("Importance", "importance.png", "Permutation importance of the better stack."),
)
TITLES = {
    "kind_left_out": "Kind of rock left out",
    "siblings": "Rocks whose siblings were seen",
    "random": "80:20 split of slices",
}
TARGETS = {"porosity": "porosity", "log_permeability": "log k"}
SCORES = {"r2": "R²", "mse": "MSE", "mae": "MAE"}


def write_page(
    path: str | Path, folder: str | Path, report: Mapping[str, Json], details: Mapping[str, Json]
) -> None:
    """Write a page that needs no other file.

    Parameters
    ----------
    path : of the page
    folder : with the pictures of `SECTIONS`
    report : of reports/properties/scores.json, {split: {model: {target: {r2, mse, mae}}}}
    details : of reports/properties/models.json: "served", "rocks", "coverage" and "compared"
    """
    pictures = [
        (title, caption, base64.b64encode((Path(folder) / name).read_bytes()).decode("ascii"))
        for title, name, caption in SECTIONS
    ]
    served, coverage = details["served"], details["coverage"]["plug"]
    error = report["kind_left_out"]["served"]["log_permeability"]["mae"]
    summary = (
        f"{details['rocks']['learn']} rocks learned from, {details['rocks']['report']} others "
        f"reported on. Porosity: {NAMES[served['porosity']]}; permeability: "
        f"{NAMES[served['log_permeability']]}. For kinds of rock never seen the permeability is "
        f"off by a factor of {10**error:.2f} in the mean, and the intervals hold "
        f"{100 * coverage['porosity']:.0f} % of the porosities and "
        f"{100 * coverage['log_permeability']:.0f} % of the permeabilities. Errors of the "
        "permeability are in decades."
    )
    text = rendered(
        "poreops.properties.figures",
        "page.html",
        summary=summary,
        pictures=pictures,
        heads=[f"{target} {score}" for target in TARGETS.values() for score in SCORES.values()],
        splits={title: _rows(report[split]) for split, title in TITLES.items()},
        compared={title: _comparison(found) for title, found in details["compared"].items()},
    )
    write_text(path, text)


def _rows(models: Mapping[str, Mapping[str, Mapping[str, float]]]) -> list[tuple[str, list[str]]]:
    """Return a row for each model, in the order of `NAMES`: its name and its scores."""
    return [
        (
            NAMES[name],
            [f"{models[name][target][score]:.4g}" for target in TARGETS for score in SCORES],
        )
        for name in sorted(models, key=list(NAMES).index)
    ]


def _comparison(found: Mapping[str, Mapping[str, float]]) -> dict[str, object]:
    """Return the columns and a row for each choice of features."""
    learners = [name for name in NAMES if name in next(iter(found.values()))]
    rows = [
        (choice, [f"{scores[name]:.4f}" for name in learners]) for choice, scores in found.items()
    ]
    return {"heads": [NAMES[name] for name in learners], "rows": rows}
