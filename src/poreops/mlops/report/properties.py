"""The properties line as the page shows it."""

from pathlib import Path

from poreops.base.files import read_json
from poreops.mlops.report.parts import (
    Line,
    Report,
    Row,
    Table,
    expectations,
    gate_of,
    kind_of,
    number,
    percent,
    pictures_in,
)

_NAMES = {
    "mr": "linear",
    "rg": "ridge",
    "lr": "lasso",
    "rf": "random forest",
    "gb": "gradient boosting",
    "xgb": "XGBoost",
    **{f"m{k}": f"dense network M{k}" for k in range(1, 6)},
    "smr_ml": "stack of learners (SMR-ML)",
    "smr_nn": "stack of networks (SMR-NN)",
    "kozeny_carman": "Kozeny–Carman, counted porosity",
    "porosity_alone": "porosity alone",
    "constant": "a constant",
    "served": "what is served",
}
_NULLS = ("constant", "porosity_alone")
_PICTURES = {
    "overlays.png": "Grey slices; pores in blue, their necks, where they are split, in yellow.",
    "parity_left_out.png": "Each rock predicted by models that never saw its kind.",
    "models.png": "R² on three splits, seconds of training and prediction.",
}


def properties(root: Path) -> Line:
    """Read the reports of the line.

    Parameters
    ----------
    root : of the repository
    """
    reports = root / "reports/properties"
    scores, details = read_json(reports / "scores.json"), read_json(reports / "models.json")
    registered = read_json(root / "mlflow/registered/properties.json")
    held, failed = expectations(read_json(reports / "validation.json"))
    rocks = details["rocks"]
    return Line(
        name="properties",
        title="Porosity and permeability from slices",
        model=str(registered["model"]),
        reasons=gate_of(registered),
        headline=_headline(scores["kind_left_out"], details),
        data=[
            (
                f"{rocks['learn']} rocks were learned from, {rocks['report']} others are reported "
                "on, each by models that never saw its kind."
            ),
            held,
        ],
        failed=failed,
        ablation=[_by_kind(details)] if details.get("by_kind") else [],
        methods=[
            _models(scores["kind_left_out"], details),
            *([_laboratory(details)] if details.get("laboratory") else []),
        ],
        pictures=pictures_in(reports / "figures", _PICTURES),
    )


def _headline(table: Report, details: Report) -> str:
    def factor(name: str) -> str:
        return f"{10 ** table[name]['log_permeability']['mae']:.2f}"

    served = _NAMES.get(details["served"]["log_permeability"], "what is served")
    said = (
        f"Permeability by the {served}: off by a factor of {factor('served')} in the mean for a "
        "kind of rock never seen"
    )
    others = {"kozeny_carman": "Kozeny–Carman", "constant": "a constant"}
    compared = [f"{title} by {factor(name)}" for name, title in others.items() if name in table]
    if compared:
        said += f"; {', '.join(compared)}"
    covered = [share for of in details["coverage"].values() for share in of.values()]
    said += (
        f". Its intervals hold at least {percent(min(covered))} of the truths" if covered else ""
    )
    return f"{said}."


def _models(table: Report, details: Report) -> Table:
    rows = []
    for name, of in sorted(
        table.items(), key=lambda item: float(item[1]["log_permeability"]["mae"])
    ):
        seconds = details["seconds"].get(name, {})
        rows.append(
            Row(
                [
                    _NAMES.get(name, name),
                    f"{10 ** of['log_permeability']['mae']:.2f}",
                    number(of["log_permeability"]["r2"]),
                    number(of["porosity"]["mae"]),
                    number(seconds.get("fit")),
                    number(seconds.get("predict")),
                ],
                kind_of(name, "served", _NULLS),
            )
        )
    return Table(
        "Kinds of rock left out",
        (
            "model",
            "k off by a factor",
            "R² of log k",
            "porosity off by",
            "s of fit",
            "s to predict",
        ),
        rows,
        "The truth is Stokes flow through the rock, and porosity counted in three dimensions.",
    )


def _by_kind(details: Report) -> Table:
    kinds = details["by_kind"]
    models = list(dict.fromkeys(name for of in kinds.values() for name in of))
    return Table(
        "By the kind of rock that was left out: k off by a factor of",
        ("kind", *(_NAMES.get(name, name) for name in models)),
        [
            Row([kind.replace("_", " "), *(number(of.get(name)) for name in models)])
            for kind, of in kinds.items()
        ],
    )


def _laboratory(details: Report) -> Table:
    rows = [
        Row(
            [
                rock,
                number(of["factor"]),
                number(of["porosity_error"]),
                number(of["permeability_sd"]),
                number(of["measured_length"]),
                "yes" if of["inside"] else "no",
            ]
        )
        for rock, of in details["laboratory"].items()
    ]
    return Table(
        "Rocks with values of a laboratory, apart from the others",
        (
            "rock",
            "k predicted over measured",
            "porosity off by",
            "label's log k unsure by",
            "measured on [m]",
            "in the interval",
        ),
        rows,
        "A core is measured, a part of it is seen: the interval holds the label's error too.",
    )
