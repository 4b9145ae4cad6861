"""Ticks of logarithmic axes whose labels do not run into each other."""

from typing import Any

import numpy as np

_MANY, _FEW = 2.0, 0.7  # decades


def log_ticks(axis: Any, most: int = 6) -> None:
    """Give a logarithmic axis as many labels as fit, at least two where it holds two round ones.

    Over many decades the powers of ten are labelled, over few 1, 2 and 5 times them, over a part
    of one decade round numbers. Call it last, when data and limits are set.

    Parameters
    ----------
    axis : matplotlib XAxis or YAxis
    most : labels
    """
    from matplotlib.ticker import (
        FuncFormatter,
        LogLocator,
        MaxNLocator,
        NullFormatter,
        NullLocator,
    )

    low, high = getattr(axis.axes, f"get_{axis.axis_name}lim")()
    decades = abs(np.log10(high / low))
    axis.set_minor_formatter(NullFormatter())
    if decades > _MANY:
        axis.set_major_locator(LogLocator(numticks=most))
        return
    steps = (1.0, 2.0, 5.0)
    if decades > _FEW:
        axis.set_major_locator(LogLocator(subs=steps, numticks=99))
    else:
        axis.set_major_locator(MaxNLocator(most - 1, steps=[1, 2, 5, 10], min_n_ticks=3))
        axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
