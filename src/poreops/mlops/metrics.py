"""The few figures of a line that `dvc metrics show` prints, taken from its report.

One file a line, and names that the lines share, so that the table fits a screen:

off : of what is offered: mean relative error of the size factors, mean absolute error of log k
    where the kind of rock was left out, KID × 1000 of the cores
null : the same of the best that learned nothing
rule : the same of the better published rule
r2 : coefficient of determination of what is offered
phi : mean absolute error of the porosity
covered : share of the truths in the intervals, of the worst target
real : KID × 1000 of parts of the rock against each other: below it nothing can be told apart
s2, copies : error of the two-point correlation; share of cores copied from the training
tested : on how many
"""

import math
from collections.abc import Iterable, Mapping

from poreops.base.content import Json

Report = Mapping[str, Json]
Metrics = dict[str, float]

_PLACES = 4  # behind the point; more would not fit, and do not matter


def conductance(report: Report) -> Metrics:
    """Return the figures of `reports/conductance/scores.json`.

    Parameters
    ----------
    report : content of that file
    """
    table, champion = report["unseen"], report["champion"]
    errors = {name: scores["mape"] for name, scores in table.items()}
    return _rounded(
        off=errors[champion],
        null=_least(errors, {"coarse"} - {champion}),
        rule=_least(errors, {"geometry", "shape_factor"}),
        r2=round(table[champion]["r2"], 3),
        tested=report["conduits"],
    )


def properties(report: Report, details: Report) -> Metrics:
    """Return the figures of `reports/properties/scores.json` and `models.json`.

    Parameters
    ----------
    report, details : contents of these files
    """
    table = report["kind_left_out"]
    errors = {name: scores["log_permeability"]["mae"] for name, scores in table.items()}
    shares = [share for of in details["coverage"].values() for share in of.values()]
    return _rounded(
        off=errors["served"],
        null=_least(errors, {"porosity_alone", "constant"}),
        rule=errors.get("kozeny_carman"),
        r2=round(table["served"]["log_permeability"]["r2"], 3),
        phi=table["served"]["porosity"]["mae"],
        covered=min(shares, default=None),
        tested=details["rocks"]["report"],
    )


def cores(report: Report) -> Metrics:
    """Return the figures of `reports/cores/scores.json`; what is offered has the lowest KID.

    Parameters
    ----------
    report : content of that file
    """
    table = report["table"]
    means = {name: {key: of["mean"] for key, of in row.items() if key != "sets"}
             for name, row in table.items()}  # fmt: skip
    errors = {name: 1000 * row["kid"] for name, row in means.items()}
    methods = errors.keys() & {"wgan_gp", "dcgan", "r3gan", "diffusion", "quilting"}
    offered = min(methods, key=lambda name: errors[name])
    return _rounded(
        off=errors[offered],
        null=_least(errors, errors.keys() - methods - {"real"}),
        real=errors["real"],
        s2=means[offered]["s2"],
        copies=means[offered]["copies"],
        tested=report["cores"],
    )


def _least(errors: Metrics, names: Iterable[str]) -> float | None:
    return min((errors[name] for name in names if name in errors), default=None)


def rounded(value: float) -> float:
    """Keep so many places of a figure, four digits of what is above 1; a count stays whole.

    Parameters
    ----------
    value : finite
    """
    return value if isinstance(value, int) else round(float(f"{value:.4g}"), _PLACES)


def _rounded(**values: float | None) -> Metrics:
    """Keep the figures that there are."""
    return {
        name: rounded(value)
        for name, value in values.items()
        if value is not None and math.isfinite(value)
    }
