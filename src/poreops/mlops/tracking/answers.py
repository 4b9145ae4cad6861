"""Answer a request inside a registered model: limits first, then the work, and plain errors."""

import logging
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from poreops.errors import InputError
from poreops.mlops.tracking.limits import CalledOffError, ServingLimits, budget
from poreops.mlops.tracking.noted import note_inputs

_log = logging.getLogger(__name__)

Array = NDArray[np.generic]


def answered(
    work: Callable[[Array], Array],
    given: Array,
    limits: ServingLimits,
    cost: Callable[[Array], tuple[int, int]],
    inputs: Callable[[], str | None] | None = None,
) -> Array:
    """Return what a served model answers to a request, or raise what MLflow shows as one line.

    Parameters
    ----------
    work : rows of the input → as many rows of the answer
    given : (n, ...) the input
    limits : ServingLimits of the model; the environment of the server may state others
    cost : input → pixels, and memory [byte], that the whole request takes; raises InputError
    inputs : says after the work whether its input was "inside", "near" or "outside" of what the
        model learned from, None where that is not known. The server that asked hands it on; where
        there is none its log says what is not inside.

    Returns
    -------
    array
        Of n rows.

    Raises
    ------
    mlflow.exceptions.MlflowException
        INVALID_PARAMETER_VALUE (400) for bad input or a request beyond the limits, CANCELLED for
        one that nobody waits for, INTERNAL_ERROR for a fault, whose trace is in the log alone.
    """
    from mlflow.exceptions import MlflowException

    try:
        rows = np.asarray(given)
        limits = limits.of_environment()
        pixels, memory = cost(rows)
        limits.check(rows=len(rows), pixels=pixels, memory=memory)
        return _noted(_in_parts(work, rows, limits), inputs)
    except InputError as error:
        raise MlflowException.invalid_parameter_value(str(error)) from None
    except CalledOffError as error:
        raise MlflowException(str(error), error_code=_code("CANCELLED")) from None
    except MemoryError:
        raise MlflowException.invalid_parameter_value(
            "a request must fit in the memory of the server, this one does not; ask for less at "
            "a time"
        ) from None
    except Exception as error:  # noqa: BLE001 - no trace may reach a client
        # the trace names folders of the server: it is for its log
        _log.exception("a request failed")
        raise MlflowException(
            f"this is a fault of the model, not of the request ({type(error).__name__}); the log "
            "of the server says more",
            error_code=_code("INTERNAL_ERROR"),
        ) from None


def _noted(found: Array, inputs: Callable[[], str | None] | None) -> Array:
    """Return an answer after noting where its inputs lie."""
    state = None if inputs is None else inputs()
    if state is not None and not note_inputs(state) and state in ("near", "outside"):
        _log.warning("the inputs of a request are %s of what the model learned from", state)
    return found


def _in_parts(work: Callable[[Array], Array], rows: Array, limits: ServingLimits) -> Array:
    left = budget(limits)
    if not len(rows):
        raise InputError("a request must have one row at least, got none")
    step = limits.at_once or len(rows)
    found = []
    for start in range(0, len(rows), step):
        left.check()
        found.append(work(rows[start : start + step]))
    return np.concatenate(found)


def _code(name: str) -> int:
    from mlflow.protos.databricks_pb2 import ErrorCode

    return int(ErrorCode.Value(name))
