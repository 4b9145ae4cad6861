"""Reports of suites on tables."""

import json
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from poreops.errors import InputError
from poreops.mlops.expectations import Expectation, Report, Suite, validate

BETWEEN = "expect_column_values_to_be_between"


def band(column="porosity", **limits):
    limits = limits or {"min_value": 0.2, "max_value": 0.8}
    return Expectation(BETWEEN, {"column": column, **limits}, "draw it <again>")


def suite(*expectations):
    return Suite("volumes", expectations)


@pytest.fixture
def frame():
    return pd.DataFrame(
        {"porosity": [0.1, 0.5, 0.9, np.nan], "percolates": [True, True, False, True]},
        index=["a", "b", "c", "d"],
    )


def test_a_failure_names_the_expectation_the_rows_and_the_remedy(frame):
    report = validate(frame, suite(band()))
    assert not report.success
    with pytest.raises(InputError) as raised:
        report.require()
    assert str(raised.value) == (
        "volumes: expect_column_values_to_be_between of porosity (min_value=0.2, max_value=0.8) "
        "fails in 2 rows (a, c) with 0.1, 0.9; draw it <again>"
    )


def test_a_success_says_what_was_found(frame):
    report = validate(frame, suite(band(min_value=0), band("percolates", min_value=0)))
    assert report.success
    assert [check.found for check in report.checks] == ["0.1 to 0.9", "2 different values"]
    report.require()


@pytest.mark.parametrize(
    ("expectation", "found"),
    [
        (Expectation("expect_column_values_to_not_be_null", {"column": "porosity"}, "r"), "nan"),
        (
            Expectation(
                "expect_column_values_to_be_in_set",
                {"column": "percolates", "value_set": [True]},
                "r",
            ),
            "False",
        ),
        (Expectation("expect_table_row_count_to_be_between", {"min_value": 9}, "r"), "4"),
        (
            Expectation(
                "expect_column_max_to_be_between", {"column": "porosity", "max_value": 0.8}, "r"
            ),
            "0.9",
        ),
        (band("porositty"), 'Error: The column "porositty" in BatchData does not exist.'),
    ],
)
def test_every_kind_of_failure_says_what_was_found(frame, expectation, found):
    (check,) = validate(frame, suite(expectation)).failures
    assert check.found == found
    assert str(check).endswith("; " + expectation.remedy)


def test_checks_keep_the_order_of_the_suite_and_reports_add_up(frame):
    rules = [band(), band("missing"), band("percolates", min_value=0), band(min_value=9)]
    report = validate(frame, suite(*rules))
    assert [check.column for check in report.checks] == [rule.kwargs["column"] for rule in rules]
    both = report + validate(frame, Suite("again", (band(),)))
    assert [check.suite for check in both.checks] == ["volumes"] * 4 + ["again"]
    assert len(both.failures) == 4


def test_many_bad_rows_are_counted_all_and_listed_in_part():
    frame = pd.DataFrame({"porosity": np.linspace(2, 3, 1000)})
    (check,) = validate(frame, suite(band())).failures
    assert check.count == 1000
    assert len(check.rows) == 100
    assert str(check).count("\n") == 0
    assert "in 1000 rows (0, 1, 2, 3, 4, …) with 2, 2.001" in str(check)


def test_rows_of_the_same_name_are_all_counted():
    frame = pd.DataFrame({"porosity": [2.0, 3.0]}, index=["a", "a"])
    (check,) = validate(frame, suite(band())).failures
    assert check.rows == ("a", "a")


def test_the_json_is_plain_even_with_infinite_values(frame):
    frame["porosity"] = [np.inf, -np.inf, np.nan, 0.5]
    report = validate(frame, suite(band(), band("percolates", min_value=0)))
    content = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert content["success"] is False
    assert content["checks"][0]["observed"] == ["inf", "-inf"]
    assert [check["success"] for check in content["checks"]] == [False, True]


def test_the_page_needs_nothing_from_elsewhere_and_escapes_what_it_shows(frame):
    page = validate(frame, suite(band(), band("percolates", min_value=0))).to_html("Conduits & co")
    assert not re.search(r"https?:|<script|<link|src=|@import|url\(", page)
    assert "draw it &lt;again&gt;" in page
    assert "<title>Conduits &amp; co</title>" in page
    assert "1 of 2 expectations hold, 1 fail" in page
    assert page.count("<tr>") == 3


def test_an_unknown_expectation_is_an_error(frame):
    with pytest.raises(Exception, match="expect_column_to_shine"):
        validate(frame, suite(Expectation("expect_column_to_shine", {"column": "porosity"}, "r")))


def test_the_same_expectation_twice_is_checked_twice(frame):
    assert len(validate(frame, suite(band(), band())).failures) == 2


def test_an_empty_report_succeeds():
    assert Report(()).success


def test_a_validation_prints_nothing_and_leaves_nothing_behind(tmp_path):
    code = """
import pandas as pd
from poreops.mlops.expectations import *
rule = Expectation("expect_column_values_to_be_between", {"column": "a", "min_value": 0}, "r")
assert validate(pd.DataFrame({"a": [1.0]}), Suite("s", (rule,))).success
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert (done.stdout, done.stderr) == ("", "")
    assert list(tmp_path.iterdir()) == []
