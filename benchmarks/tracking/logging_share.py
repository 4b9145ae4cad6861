"""Run the script of a stage and say what part of its time went into MLflow.

    python benchmarks/tracking/logging_share.py pipelines/conductance/train.py

Once a stage MLflow is imported and its store opened; that is said apart. The rest is every call of
a run: its beginning with commit and digests, parameters, data sets, metrics, tags and its end.
"""

import runpy
import sys
import time
from collections.abc import Callable
from functools import wraps

from poreops.base import files
from poreops.mlops.tracking import runs
from poreops.mlops.tracking.connection import client

LOGGED = (
    "log_params", "log_metrics", "log_history", "log_dataset", "log_figure", "log_image",
    "log_file", "log_text", "made", "set_tags",
)  # fmt: skip


class Clock:
    """Seconds inside of functions that call each other, and the number of outer calls."""

    def __init__(self) -> None:
        self.seconds, self.calls, self.inside = 0.0, 0, False

    def timed(self, function: Callable) -> Callable:
        """Return the function, timed."""

        @wraps(function)
        def call(*arguments: object, **options: object) -> object:
            if self.inside:
                return function(*arguments, **options)
            self.inside, start = True, time.perf_counter()
            try:
                return function(*arguments, **options)
            finally:
                self.inside = False
                self.seconds += time.perf_counter() - start
                self.calls += 1

        return call


def main() -> None:
    """Print the seconds of the stage, of opening the store and of logging."""
    script, clock = sys.argv[1], Clock()
    start = time.perf_counter()
    opened = client()
    opening = time.perf_counter() - start
    for name in LOGGED:
        setattr(runs.Run, name, clock.timed(getattr(runs.Run, name)))
    files.sha256 = clock.timed(files.sha256)  # of the data sets, as stages import it
    runs.begin = clock.timed(runs.begin)
    type(opened).set_terminated = clock.timed(type(opened).set_terminated)
    sys.argv = [script]
    start = time.perf_counter()
    runpy.run_path(script, run_name="__main__")
    whole = time.perf_counter() - start
    print(
        f"{script}: {whole:.1f} s, of which logging {clock.seconds:.2f} s in {clock.calls} calls: "
        f"{clock.seconds / whole:.1%}; MLflow imported and its store opened in {opening:.1f} s"
    )


if __name__ == "__main__":
    main()
