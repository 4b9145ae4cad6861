"""What a served model refuses, how long it works, and how errors reach a client."""

import threading
import time

import numpy as np
import pytest
from mlflow.exceptions import MlflowException

from poreops import ServingLimits, answered
from poreops.errors import InputError
from poreops.mlops.tracking.limits import callable_off

LIMITS = ServingLimits(rows=4, pixels=100, memory=1000, seconds=60, at_once=1)


def cost(rows):
    return rows.size, 8 * rows.size


def doubled(rows):
    return 2 * rows


def never(rows):
    pytest.fail("it worked")


def refusal(work, rows, limits=LIMITS):
    with pytest.raises(MlflowException) as raised:
        answered(work, rows, limits, cost)
    return raised.value


def test_what_is_within_the_limits_is_answered_in_parts():
    seen = []

    def work(rows):
        seen.append(len(rows))
        return 2 * rows

    rows = np.arange(8).reshape(4, 2)
    np.testing.assert_array_equal(answered(work, rows, LIMITS, cost), 2 * rows)
    assert seen == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((5, 1), "rows up to 4, got 5"),
        ((4, 26), "pixels up to 100, got 104"),
        ((0, 1), "one row at least"),
    ],
)
def test_a_request_beyond_a_limit_is_refused_before_work_starts(shape, message):
    error = refusal(never, np.zeros(shape))
    assert error.get_http_status_code() == 400
    assert error.error_code == "INVALID_PARAMETER_VALUE"
    assert message in error.message


def test_memory_is_a_limit_too():
    limits = ServingLimits(rows=4, pixels=100, memory=100, seconds=60)
    assert "memory up to 100 bytes, got 160" in refusal(doubled, np.zeros((1, 20)), limits).message


def test_whoever_runs_the_server_states_other_limits(monkeypatch):
    monkeypatch.setenv("POREOPS_SERVE_ROWS", "1")
    assert "rows up to 1, got 2" in refusal(doubled, np.zeros((2, 1))).message
    monkeypatch.setenv("POREOPS_SERVE_ROWS", "many")
    assert "POREOPS_SERVE_ROWS must be a number > 0" in refusal(doubled, np.zeros((2, 1))).message


def test_work_that_lasts_too_long_ends_between_its_parts():
    limits = ServingLimits(rows=4, pixels=100, memory=1000, seconds=0.01, at_once=1)
    parts = []

    def work(rows):
        parts.append(rows)
        time.sleep(0.02)
        return rows

    error = refusal(work, np.zeros((4, 1)), limits)
    assert "a request may take 0.01 s" in error.message
    assert error.get_http_status_code() == 400
    assert len(parts) < 4


def test_work_that_nobody_waits_for_ends_between_its_parts():
    gone, parts = threading.Event(), []

    def work(rows):
        parts.append(rows)
        gone.set()
        return rows

    with callable_off(gone):
        error = refusal(work, np.zeros((4, 1)))
    assert error.error_code == "CANCELLED"
    assert len(parts) == 1


def test_an_input_error_is_one_line_and_a_fault_shows_no_trace(caplog):
    def bad(rows):
        raise InputError("labels must be 0, 1 and 2, got 3; crop again")

    error = refusal(bad, np.zeros((1, 1)))
    assert (error.error_code, error.message) == (
        "INVALID_PARAMETER_VALUE", "labels must be 0, 1 and 2, got 3; crop again",
    )  # fmt: skip

    def fault(rows):
        raise ZeroDivisionError("/srv/models/secret.py")

    error = refusal(fault, np.zeros((1, 1)))
    assert error.error_code == "INTERNAL_ERROR"
    assert "secret" not in error.serialize_as_json()
    assert "secret" in caplog.text  # the log of the server has it
