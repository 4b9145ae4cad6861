"""Several targets in one run: where what is made of each of them stands.

What is made of the first target stands where it does when it is the only one. What is made of a
further one stands beside it, in a folder, or under a key, of the target's name.
"""

from collections.abc import Mapping
from pathlib import Path

from poreops.base.content import Json

FIRST = ""
"""Folder of the first target: the place itself."""


def targets_in(place: Path, file: str) -> list[str]:
    """Return the folder of each target that a stage wrote something of, the first one first.

    Parameters
    ----------
    place : folder of what is made of the first target
    file : name that it has there for every target, as "train.h5"
    """
    return [FIRST, *sorted(path.parent.name for path in place.glob(f"*/{file}"))]


def joined(reports: Mapping[str, Mapping[str, Json]]) -> dict[str, Json]:
    """Return the report of the first target, with those of further ones under their names.

    Parameters
    ----------
    reports : folder → report

    Examples
    --------
    >>> joined({"": {"mape": 0.1}, "hydraulic": {"mape": 0.2}})
    {'mape': 0.1, 'hydraulic': {'mape': 0.2}}
    """
    return {**reports[FIRST], **{of: report for of, report in reports.items() if of != FIRST}}


def part(report: Mapping[str, Json], of: str) -> Mapping[str, Json]:
    """Return what `joined` took of a target.

    Parameters
    ----------
    report : of `joined`
    of : folder of the target
    """
    found: Mapping[str, Json] = report if of == FIRST else report[of]
    return found
