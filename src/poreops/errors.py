"""The error of bad input: one line with the rule, the value received and the remedy."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_FULL = "No space left on device"  # also in the errors of HDF5, which have no number


class InputError(ValueError):
    """What the user gave breaks a rule; the message says which, with what value, and the remedy.

    Examples
    --------
    >>> raise InputError("voxel size must be > 0 m, got -1.0; give it as --voxel-size 5.3e-6")
    Traceback (most recent call last):
    poreops.errors.InputError: voxel size must be > 0 m, got -1.0; give it as --voxel-size 5.3e-6
    """

    def __init__(self, message: str) -> None:
        # a value that the message shows may have lines of its own
        super().__init__(" ".join(line.strip() for line in message.splitlines()))


class NotConvergedError(RuntimeError):
    """An iteration stopped before it reached its tolerance; nothing was returned."""


class UnsettledWarning(UserWarning):
    """Some of many conduits have no size factor; the message names them, the others are there."""


@contextmanager
def exit_on_input_error() -> Iterator[None]:
    """Print an `InputError` as one line on standard error and exit with 2; for commands.

    A full disk is one line too, with exit code 1: it is nobody's input.

    Examples
    --------
    >>> with exit_on_input_error():
    ...     raise InputError("conns must lie below 7 regions, got 9; pass those of partition()")
    Traceback (most recent call last):
    SystemExit: 2
    """
    try:
        yield
    except InputError as error:
        sys.stderr.write(f"error: {error}\n")
        raise SystemExit(2) from None
    except OSError as error:
        if _FULL not in str(error):
            raise
        said = " ".join(str(error).split())
        sys.stderr.write(f"error: the disk is full ({said}); make room and run the same again\n")
        raise SystemExit(1) from None
