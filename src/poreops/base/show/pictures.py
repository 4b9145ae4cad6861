"""What every picture needs: panels without a display, a scale, files of the same bytes."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from poreops.base.arrays import Array
from poreops.base.content import Json
from poreops.base.files import replacing
from poreops.base.units import length_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def subplots(rows: int, columns: int, size: tuple[float, float]) -> tuple["Figure", Array]:
    """Return a figure that needs no display, and its (rows, columns) array of axes.

    Parameters
    ----------
    rows, columns : of the panels
    size : width and height [inch]
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, squeeze=False)


def save(figure: "Figure", path: str | Path) -> None:
    """Write a figure as PNG, whole or not at all; the same figure gives the same bytes.

    Parameters
    ----------
    figure : to write
    path : file to write
    """
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=130, metadata={"Software": None})


def scale_bar(ax: "Axes", width: int, pixel_size: float) -> None:
    """Draw a bar of a round length into the lower left corner of a slice.

    Parameters
    ----------
    ax : matplotlib Axes whose picture spans `width` pixels of data
    width : [pixel]
    pixel_size : [m]
    """
    from matplotlib.patches import Rectangle

    metres = round_length(0.3 * width * pixel_size)
    unit, scale = length_unit(metres)
    box: dict[str, Json] = {"transform": ax.transAxes, "clip_on": True}
    share = metres / (width * pixel_size)
    plate = Rectangle((0.03, 0.03), share + 0.05, 0.13, color="black", alpha=0.6, lw=0, **box)
    ax.add_patch(plate)
    ax.add_patch(Rectangle((0.055, 0.05), share, 0.02, color="white", lw=0, **box))
    ax.text(
        0.055 + share / 2, 0.08, f"{metres * scale:g} {unit}", transform=ax.transAxes,
        color="white", fontsize=7, ha="center", va="bottom",
    )  # fmt: skip


def round_length(most: float) -> float:
    """Return the largest of 1, 2, 5 times a power of ten that is not above a length.

    Parameters
    ----------
    most : limit, > 0

    Examples
    --------
    >>> [round_length(value) for value in (7e-5, 0.0023, 100.0)]
    [5e-05, 0.002, 100.0]
    """
    decade = 10.0 ** np.floor(np.log10(most) + 1e-9)
    first = max(step for step in (1, 2, 5) if step * decade <= most * (1 + 1e-9))
    return float(f"{first * decade:.6g}")
