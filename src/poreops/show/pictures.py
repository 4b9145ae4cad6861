"""What every picture needs: panels without a display, files of the same bytes."""

from pathlib import Path
from typing import TYPE_CHECKING

from poreops.base.arrays import Array
from poreops.base.files import replacing

if TYPE_CHECKING:
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
    """Write a figure as PNG, whole or not at all; the same figure gives the same bytes."""
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=130, metadata={"Software": None})
