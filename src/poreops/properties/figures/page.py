"""The page of the properties line: pictures and tables in one file."""

import base64
import html
from collections.abc import Mapping
from pathlib import Path

from poreops.base.content import Json
from poreops.base.files import write_text
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
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rock properties from slices</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem;
       padding: 0 1rem; color: #1c2330; background: #fff; }}
h1 {{ font-size: 1.5rem; margin: 0; }}
h2 {{ font-size: 1.1rem; margin: 2rem 0 .5rem; }}
img {{ max-width: 100%; }}
table {{ border-collapse: collapse; }}
th, td {{ text-align: right; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid #d9dee6; }}
th:first-child, td:first-child {{ text-align: left; }}
th {{ font-weight: 600; color: #55607a; }}
</style>
</head>
<body>
<h1>Rock properties from slices</h1>
<p>{summary}</p>
{sections}
<h2>Scores</h2>
{tables}
</body>
</html>
"""


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
    folder = Path(folder)
    pictures = []
    for title, name, caption in SECTIONS:
        image = base64.b64encode((folder / name).read_bytes()).decode("ascii")
        pictures.append(
            f"<h2>{html.escape(title)}</h2>\n<p>{html.escape(caption)}</p>\n"
            f'<img alt="{html.escape(title)}" src="data:image/png;base64,{image}">'
        )
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
    tables = [_table(title, report[split]) for split, title in TITLES.items()]
    tables += [_comparison(title, found) for title, found in details["compared"].items()]
    write_text(
        path,
        _PAGE.format(
            summary=html.escape(summary),
            sections="\n".join(pictures),
            tables="\n".join(tables),
        ),
    )


def _table(split: str, models: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    heads = "".join(
        f"<th>{t} {s}</th>" for t in ("porosity", "log k") for s in ("R²", "MSE", "MAE")
    )
    rows = "\n".join(
        f"<tr><td>{html.escape(NAMES[name])}</td>"
        + "".join(f"<td>{targets[target][key]:.4g}</td>"
                  for target in ("porosity", "log_permeability") for key in ("r2", "mse", "mae"))
        + "</tr>"
        for name, targets in sorted(models.items(), key=lambda item: list(NAMES).index(item[0]))
    )  # fmt: skip
    head = f"<tr><th>model</th>{heads}</tr>"
    return f"<h3>{html.escape(split)}</h3>\n<table>{head}\n{rows}\n</table>"


def _comparison(title: str, found: Mapping[str, Mapping[str, float]]) -> str:
    learners = [name for name in NAMES if name in next(iter(found.values()))]
    heads = "".join(f"<th>{html.escape(NAMES[name])}</th>" for name in learners)
    rows = "\n".join(
        f"<tr><td>{html.escape(choice)}</td>"
        + "".join(f"<td>{scores[name]:.4f}</td>" for name in learners)
        + "</tr>"
        for choice, scores in found.items()
    )
    head = f"<tr><th>{title}</th>{heads}</tr>"
    return f"<h3>R² of log k by {title}, 80:20 split</h3>\n<table>{head}\n{rows}\n</table>"
