"""Ticks of logarithmic axes whose labels do not run into each other."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_MANY = 2.0  # decades, above which the powers of ten alone are labelled
_WIDE, _HIGH = 0.62, 1.2  # of a character, in font sizes
_GAP = 4.0  # between two labels [point]


def log_ticks(axis: Any, most: int = 6) -> None:
    """Give a logarithmic axis as many labels as fit, two at least where that is possible.

    Over many decades the powers of ten are labelled, over few 1, 2 and 5 times them, or 1 and 3,
    over a part of one decade round numbers. Call it last, when data and limits are set.

    Parameters
    ----------
    axis : matplotlib XAxis or YAxis
    most : labels
    """
    from matplotlib.ticker import (
        FixedLocator,
        FuncFormatter,
        LogLocator,
        MaxNLocator,
        NullFormatter,
        NullLocator,
    )

    low, high = sorted(getattr(axis.axes, f"get_{axis.axis_name}lim")())
    axis.set_minor_formatter(NullFormatter())
    if np.log10(high / low) > _MANY:
        axis.set_major_locator(LogLocator(numticks=most))
        return
    powers = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    sets = [np.outer(powers, steps).ravel() for steps in ((1, 2, 5), (1, 3), (1,))]
    sets += [
        np.asarray(MaxNLocator(n, steps=[1, 2, 5, 10], min_n_ticks=2).tick_values(low, high))
        for n in range(most, 1, -1)
    ]
    inside = [ticks[(ticks >= low) & (ticks <= high)] for ticks in sets]
    fitting = [t for t in inside if 2 <= t.size <= most + 1 and _fit(axis, t, low, high)]
    chosen = max(fitting, key=len, default=min(inside, key=lambda t: abs(t.size - 2)))
    axis.set_major_locator(FixedLocator(chosen))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.6g}"))


def _fit(axis: Any, ticks: Floats, low: float, high: float) -> bool:
    """Tell whether the labels of ticks have room beside each other."""
    labels = axis.get_ticklabels()
    font = labels[0].get_fontsize() if labels else 10.0
    figure, place = axis.axes.figure, axis.axes.get_position()
    width, height = 72 * figure.get_size_inches() * (place.width, place.height)
    across = axis.axis_name == "x"
    room = min(width, height) if axis.axes.get_aspect() == 1 else (width if across else height)
    at = room * np.log(ticks / low) / np.log(high / low)
    sizes = font * np.array([_WIDE * len(f"{t:.6g}") if across else _HIGH for t in ticks])
    return bool((np.diff(at) >= (sizes[1:] + sizes[:-1]) / 2 + _GAP).all())
