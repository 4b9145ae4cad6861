"""Show how far a long job has come: one bar, in a terminal or a notebook."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 2.0
"""Seconds that the bar of a command waits before it appears; `progress=True` waits for none."""

Tick = Callable[[str], None]
"""Called after each step, with a short note of where the job stands."""


def no_tick(note: str = "") -> None:
    """Show nothing.

    Parameters
    ----------
    note : what would be shown
    """


def progress_bar(
    stream: Iterable[T], total: int, name: str = "conduits", delay: float = PATIENCE
) -> Iterable[T]:
    """Wrap a stream of so many things in a bar on stderr, or below the cell of a notebook.

    Parameters
    ----------
    stream : iterable
    total : how many come
    name : what they are
    delay : before the bar appears [s]
    """
    from tqdm.auto import tqdm

    return tqdm(stream, total=total, desc=name, unit="", delay=delay, leave=False)


def bar_at_once(stream: Iterable[T], total: int, name: str) -> Iterable[T]:
    """Wrap a stream as `progress_bar` does; the bar waits for nothing.

    Parameters
    ----------
    stream, total, name : as for `progress_bar`
    """
    return progress_bar(stream, total, name, delay=0)


def watched(stream: Iterable[T], total: int, progress: bool) -> Iterable[T]:
    """Return a stream of conduits, in a bar if one is wanted.

    Parameters
    ----------
    stream : of conduits
    total : how many they are
    progress : whether a bar is wanted
    """
    bar = bar_of(progress)
    return stream if bar is None else bar(stream, total)


def bar_of(
    progress: bool, name: str = "conduits"
) -> Callable[[Iterable[T], int], Iterable[T]] | None:
    """Return what wraps a stream in a bar at once, or None where none is wanted.

    Parameters
    ----------
    progress : whether a bar is wanted
    name : of what is being done
    """
    if not progress:
        return None
    return lambda stream, total: bar_at_once(stream, total, name)


@contextmanager
def ticking(
    progress: bool, name: str, total: int | None = None, delay: float = 0.0
) -> Iterator[Tick]:
    """Yield a function that moves a bar by one step; it does nothing where no bar is wanted.

    Parameters
    ----------
    progress : whether to show it
    name : of the job
    total : number of steps, None if nobody knows it before
    delay : before the bar appears [s]

    Examples
    --------
    >>> with ticking(False, "iterations") as tick:
    ...     tick("residual 1e-3")
    """
    if not progress:
        yield no_tick
        return
    from tqdm.auto import tqdm

    with tqdm(desc=name, total=total, unit="", delay=delay, leave=False) as bar:

        def tick(note: str = "") -> None:
            if note:
                bar.set_postfix_str(note, refresh=False)
            bar.update()

        yield tick
