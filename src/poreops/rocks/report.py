"""The page of the rock-property line: pictures and tables in one file."""

import base64
import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from poreops.rocks.plots import NAMES
from poreops.store import write_text

SECTIONS = (
    (
        "Segmentation",
        "segmentation/overlays.png",
        "Grey slices; pores in blue, the necks where the watershed splits them in yellow.",
    ),
    ("Correlation", "exploration/correlation.png", "Inputs of the models (ℓ: hydraulic length)."),
    ("Selection", "exploration/selection.png", "Variance inflation, then weighted least squares."),
    ("Search", "search/cost.png", "Randomised search against the exhaustive grid."),
    ("Models", "evaluation/models.png", "R² on three splits, seconds of training and prediction."),
    ("Random split", "evaluation/parity_random.png", "80:20 split: rocks are on both sides."),
    (
        "Rocks left out",
        "evaluation/parity_left_out.png",
        "Each rock predicted by models that never saw it, with intervals.",
    ),
    ("Importance", "evaluation/importance.png", "Permutation importance of the better stack."),
)
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
    path: str | Path, folder: str | Path, report: Mapping[str, Any], details: Mapping[str, Any]
) -> None:
    """Write a page that needs no other file.

    Parameters
    ----------
    path : of the page
    folder : with the pictures of `SECTIONS`
    report : {split: {model: {target: {r2, mse, mae}}}}
    details : "chosen", "rocks", "slices" and "intervals" of the evaluation
    """
    folder = Path(folder)
    pictures = []
    for title, name, caption in SECTIONS:
        image = base64.b64encode((folder / name).read_bytes()).decode("ascii")
        pictures.append(
            f"<h2>{html.escape(title)}</h2>\n<p>{html.escape(caption)}</p>\n"
            f'<img alt="{html.escape(title)}" src="data:image/png;base64,{image}">'
        )
    chosen = details["chosen"]
    measured = details["intervals"][chosen]["measured"]["plug"]
    summary = (
        f"{details['rocks']} rocks, {details['slices']} slices. {NAMES[chosen]} predicts rocks "
        f"that it never saw better than the other stack; its "
        f"{100 * details['intervals'][chosen]['coverage']:g} % intervals hold "
        f"{100 * measured[0]:.0f} % of the porosities and {100 * measured[1]:.0f} % of the "
        "permeabilities of rocks left out. Errors of the permeability are in decades."
    )
    write_text(
        path,
        _PAGE.format(
            summary=html.escape(summary),
            sections="\n".join(pictures),
            tables="\n".join(_table(split, models) for split, models in report.items()),
        ),
    )


def _table(split: str, models: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    heads = "".join(
        f"<th>{t} {s}</th>" for t in ("porosity", "log k") for s in ("R²", "MSE", "MAE")
    )
    rows = "\n".join(
        f"<tr><td>{html.escape(NAMES[name])}</td>"
        + "".join(f"<td>{value[key]:.4g}</td>" for value in targets.values()
                  for key in ("r2", "mse", "mae"))
        + "</tr>"
        for name, targets in sorted(models.items(), key=lambda item: list(NAMES).index(item[0]))
    )  # fmt: skip
    head = f"<tr><th>model</th>{heads}</tr>"
    return f"<h3>{html.escape(split)}</h3>\n<table>{head}\n{rows}\n</table>"
