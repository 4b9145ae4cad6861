"""Time the stages of a command and show on stderr what takes longer than two seconds."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from poreops.machine.progress import PATIENCE, progress_bar

__all__ = ["Clock", "progress_bar"]


class Clock:
    """Seconds of each stage; a stage without steps shows its elapsed time on stderr."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds of the stages so far, rounded."""
        return {name: round(seconds, 3) for name, seconds in self._seconds.items()}

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Time a stage that shows its own progress.

        Parameters
        ----------
        name : of the stage
        """
        start = time.perf_counter()
        yield
        self._seconds[name] = time.perf_counter() - start

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage and show how long it takes, once it takes longer than two seconds.

        Parameters
        ----------
        name : of the stage
        """
        from tqdm import tqdm

        done = threading.Event()

        def tick() -> None:
            if done.wait(PATIENCE):
                return
            with tqdm(desc=name, bar_format="{desc}: {elapsed}", leave=False) as bar:
                bar.start_t -= PATIENCE
                while not done.wait(0.5):
                    bar.refresh()

        ticker = threading.Thread(target=tick, daemon=True)
        ticker.start()
        try:
            with self.timed(name):
                yield
        finally:
            done.set()
            ticker.join()
