"""Check a table against a suite of expectations: the only module that imports Great Expectations.

A suite is plain data; the report says in one line which expectation failed, in which rows, and
what to do. Great Expectations takes seconds to import, so it is imported by the first check.
"""

import json
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import pandas as pd

from poreops.base.content import Json
from poreops.base.extras import needs
from poreops.base.pages import rendered
from poreops.errors import InputError

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult

_LISTED_ROWS = 100  # rows named in a report; the count is always that of all
_SAID_ROWS = 5  # rows and values named in the one-line message


@dataclass(frozen=True)
class Expectation:
    """One rule: a type of Great Expectations with its arguments, and what to do if it fails.

    type : as "expect_column_values_to_be_between".
    kwargs : arguments of that type, as {"column": "porosity", "min_value": 0.35}.
    remedy : what a person should do, as an order.
    """

    type: str
    kwargs: Mapping[str, Json]
    remedy: str


@dataclass(frozen=True)
class Suite:
    """The rules for one table."""

    name: str
    expectations: tuple[Expectation, ...]


@dataclass(frozen=True)
class Check:
    """What came of one expectation.

    column : the columns of the rule, "" for a rule about the whole table.
    count : rows that break the rule; 0 for a rule about a whole column or table.
    rows : index of the first hundred of them.
    observed : their values, or the value found for the whole column or table.
    """

    suite: str
    expectation: str
    column: str
    limits: Mapping[str, Json]
    success: bool
    count: int
    rows: tuple[str, ...]
    observed: tuple[Json, ...]
    remedy: str

    def __str__(self) -> str:
        """Return the check as one line."""
        limits = ", ".join(f"{key}={value}" for key, value in self.limits.items())
        rule = f"{self.suite}: {self.expectation} of {self.column or 'the table'} ({limits})"
        if self.success:
            return f"{rule} holds with {self.found}"
        where = f" in {self.count} row{'s' * (self.count != 1)} ({self.where})" * bool(self.count)
        return f"{rule} fails{where} with {self.found}; {self.remedy}"

    @property
    def found(self) -> str:
        """The first values found, as text."""
        said = self.observed[:_SAID_ROWS]
        return ", ".join(f"{v:.4g}" if isinstance(v, float) else str(v) for v in said)

    @property
    def where(self) -> str:
        """The first rows that break the rule, as text."""
        return ", ".join(self.rows[:_SAID_ROWS]) + ", …" * (self.count > _SAID_ROWS)


@dataclass(frozen=True)
class Report:
    """What came of one or more suites; reports add up."""

    checks: tuple[Check, ...]

    @property
    def success(self) -> bool:
        """Whether every expectation holds."""
        return not self.failures

    @property
    def failures(self) -> tuple[Check, ...]:
        """The expectations that fail."""
        return tuple(check for check in self.checks if not check.success)

    def __add__(self, other: "Report") -> "Report":
        return Report(self.checks + other.checks)

    def require(self) -> None:
        """Raise InputError that names every failed expectation, its rows and the remedy."""
        if not self.success:
            raise InputError(" | ".join(str(check) for check in self.failures))

    def to_json(self) -> dict[str, Json]:
        """Return the report as plain values."""
        return {
            "success": self.success,
            "failed": len(self.failures),
            "checks": [asdict(check) for check in self.checks],
        }

    def to_html(self, title: str) -> str:
        """Return the report as a page that needs nothing from elsewhere.

        Parameters
        ----------
        title : of the page
        """
        return _page(self, title)


def validate(frame: pd.DataFrame, suite: Suite) -> Report:
    """Check every expectation of `suite` on `frame`.

    Parameters
    ----------
    frame : its index names the rows in the report; a missing value breaks no expectation but
        expect_column_values_to_not_be_null.
    suite : the rules.

    Raises
    ------
    ValueError
        If Great Expectations does not know an expectation or one of its arguments.
    """
    needs("pipeline", "a validation")
    with _quiet():
        import great_expectations as gx
        from great_expectations.expectations.expectation_configuration import (
            ExpectationConfiguration,
        )

        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        batch = (
            context.data_sources.add_pandas(suite.name)
            .add_dataframe_asset(suite.name)
            .add_batch_definition_whole_dataframe(suite.name)
        )
        # not add_expectation_configuration, which drops a rule for a column that has one already
        rules = gx.ExpectationSuite(
            name=suite.name,
            expectations=[
                ExpectationConfiguration(
                    type=expectation.type,
                    kwargs=dict(expectation.kwargs),
                    meta={"number": number},
                ).to_domain_obj()
                for number, expectation in enumerate(suite.expectations)
            ],
        )
        named = frame.set_axis(frame.index.map(str), axis=0)
        answers = (
            batch.get_batch({"dataframe": named}).validate(rules, result_format="COMPLETE").results
        )
    by_number = {answer.expectation_config.meta["number"]: answer for answer in answers}
    return Report(
        tuple(
            _check(suite.name, expectation, by_number[number], frame)
            for number, expectation in enumerate(suite.expectations)
        )
    )


def _check(
    suite: str,
    expectation: Expectation,
    answer: "ExpectationValidationResult",
    frame: pd.DataFrame,
) -> Check:
    kwargs = dict(expectation.kwargs)
    columns = [kwargs.pop(key) for key in ("column", "column_A", "column_B") if key in kwargs]
    columns += kwargs.pop("column_list", [])
    result = answer.result
    rows = result.get("unexpected_index_list") or []
    if rows:
        observed = result["unexpected_list"][:_LISTED_ROWS]
    elif "observed_value" in result:
        observed = [result["observed_value"]]
    elif not result:
        observed = [_exception(answer.exception_info)]
    else:
        observed = [_span(frame[column]) for column in columns]
    return Check(
        suite=suite,
        expectation=expectation.type,
        column=", ".join(columns),
        limits=kwargs,
        success=bool(answer.success),
        count=len(rows),
        rows=tuple(str(row) for row in rows[:_LISTED_ROWS]),
        observed=tuple(_plain(value) for value in observed),
        remedy=expectation.remedy,
    )


def _span(column: pd.Series) -> str:
    values = column.dropna()
    if values.empty:
        return "no value"
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return f"{values.min():.4g} to {values.max():.4g}"
    return f"{values.nunique()} different values"


def _exception(info: Mapping[str, Json]) -> str:
    if "exception_message" in info:
        return str(info["exception_message"])
    return "; ".join(sorted({str(each["exception_message"]) for each in info.values()}))


def _plain(value: Json) -> Json:
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not -float("inf") < value < float("inf"):
        return str(value)  # JSON has neither nan nor inf
    return value if isinstance(value, str | int | float | bool | None) else str(value)


@contextmanager
def _quiet() -> Iterator[None]:
    logger = logging.getLogger("great_expectations")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="great_expectations|marshmallow")
            yield
    finally:
        logger.setLevel(level)


def _page(report: Report, title: str) -> str:
    suites = dict.fromkeys(check.suite for check in report.checks)
    return rendered(
        __name__,
        "page.html",
        title=title,
        success=report.success,
        total=len(report.checks),
        failed=len(report.failures),
        suites={
            suite: [_row(check) for check in report.checks if check.suite == suite]
            for suite in suites
        },
    )


def _row(check: Check) -> dict[str, object]:
    return {
        "success": check.success,
        "column": check.column,
        "expectation": check.expectation,
        "limits": ", ".join(f"{key} = {json.dumps(value)}" for key, value in check.limits.items()),
        "observed": check.found,
        "rows": f"{check.count}: {check.where}" if check.count else "",
        "remedy": check.remedy,
    }
