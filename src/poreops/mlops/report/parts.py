"""What the page is made of: a line of the pipeline as plain text and numbers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from poreops.base.content import Json

Report = Mapping[str, Json]

NULL, SERVED, TRUTH, PLAIN = "null", "served", "truth", "plain"
"""What stands in a row: what learned nothing, what is offered, what is judged by, any other."""


@dataclass(frozen=True)
class Row:
    """A row of a table: its cells as text, and what stands in it."""

    cells: Sequence[str]
    kind: str = PLAIN


@dataclass(frozen=True)
class Table:
    """A table: what it shows, its heads, its rows, and what is to be read from it."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Row]
    note: str = ""


@dataclass(frozen=True)
class Picture:
    """A picture of the reports: what it shows, and its file."""

    caption: str
    file: Path


@dataclass(frozen=True)
class Line:
    """A line of the pipeline as its page shows it.

    Attributes
    ----------
    name : of the line
    title : in words
    model : name in the registry
    reasons : of the gate against it; none for a champion
    headline : what it is worth, in a sentence with its null
    data : sentences about what it learned from and was judged on
    failed : expectations on the data that do not hold
    ablation, methods : tables
    pictures : of the report stage
    """

    name: str
    title: str
    model: str
    reasons: Sequence[str]
    headline: str
    data: Sequence[str]
    failed: Sequence[str]
    ablation: Sequence[Table]
    methods: Sequence[Table]
    pictures: Sequence[Picture] = field(default_factory=tuple)

    @property
    def champion(self) -> bool:
        """Whether the gate let it pass."""
        return not self.reasons


def kind_of(name: str, served: str, nulls: Collection[str], truth: str = "") -> str:
    """Return what stands in a row.

    Parameters
    ----------
    name : of the row
    served : name of what is offered
    nulls : names of what learned nothing
    truth : name of what is judged by
    """
    if name == truth:
        return TRUTH
    return SERVED if name == served else NULL if name in nulls else PLAIN


def pictures_in(folder: Path, captions: Mapping[str, str]) -> list[Picture]:
    """Return the pictures that are there.

    Parameters
    ----------
    folder : of the figures of a line
    captions : file → what it shows
    """
    return [
        Picture(caption, folder / name)
        for name, caption in captions.items()
        if (folder / name).is_file()
    ]


def percent(share: float | None) -> str:
    """Return a share in per cent, with a decimal below ten and two digits below one.

    Parameters
    ----------
    share : of one; a dash stands for None

    Examples
    --------
    >>> percent(0.0415), percent(0.385), percent(0.00045), percent(0.0), percent(None)
    ('4.2 %', '38 %', '0.045 %', '0.0 %', '–')
    """
    if share is None:
        return "–"
    if 0 < abs(share) < 0.00995:
        return f"{100 * share:.2g} %"
    return f"{100 * share:.{1 if abs(share) < 0.0995 else 0}f} %"


def number(value: float | None, digits: int = 3) -> str:
    """Return a number with so many digits; a dash for none.

    Parameters
    ----------
    value : any; a dash stands for None
    digits : significant ones

    Examples
    --------
    >>> number(0.99796), number(2.0), number(273.4), number(899753), number(None)
    ('0.998', '2.00', '273', '899,753', '–')
    """
    if value is None:
        return "–"
    if isinstance(value, int) or abs(value) >= 10**digits:
        return f"{value:,.0f}"
    return f"{value:#.{digits}g}".rstrip(".")


def gate_of(registered: Report) -> list[str]:
    """Return the reasons of the gate that a register stage noted.

    Parameters
    ----------
    registered : what the stage wrote
    """
    found = registered["gate"]
    return [] if found == "passed" else [str(reason) for reason in found]


def expectations(validation: Report) -> tuple[str, list[str]]:
    """Return how many expectations hold, as a sentence, and those that do not.

    Parameters
    ----------
    validation : content of the report of a validation
    """
    checks = validation["checks"]
    failed = [
        f"{check['suite']}: {check['expectation']} of {check['column'] or 'the table'}"
        for check in checks
        if not check["success"]
    ]
    return f"{len(checks) - len(failed)} of {len(checks)} expectations on the data hold.", failed
