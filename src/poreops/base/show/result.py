"""How results show themselves: a line, a picture, a file, an array with names, a mesh.

A result inherits from `Result` and names its kind; what a kind says and holds stands in one
function each of `poreops.base.show.lines` and `poreops.base.show.fields`. Nothing heavy is
imported until it is asked for, and matplotlib, xarray and PyVista only by the method that needs
them.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyvista
    import xarray
    from matplotlib.axes import Axes

__all__ = ["Result", "Shown"]


class Shown:
    """One line in a terminal and a small table in a notebook; never the voxels.

    Parameters
    ----------
    kind : str
        Key of `poreops.base.show.lines.LINES`, given with the class.
    """

    _kind: str

    def __init_subclass__(cls, *, kind: str | None = None, **options: object) -> None:
        super().__init_subclass__(**options)
        if kind is not None:
            cls._kind = kind

    def __repr__(self) -> str:
        from poreops.base.show.lines import line

        return line(self._kind, type(self).__name__, self)

    def _repr_html_(self) -> str:
        from poreops.base.show.lines import table

        return table(self._kind, type(self).__name__, self)


class Result(Shown):
    """What was found in an image: it can be drawn, saved and handed to other libraries."""

    def plot(self, ax: "Axes | None" = None, **options: object) -> "Axes":
        """Draw this, with matplotlib.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            A new figure by default; of a network it must be 3D.
        axis : int or "x", "y", "z", optional
            Of an image: the slice lies across it; the last axis that nothing flows along by
            default.
        index : int, optional
            Of the slice; the middle one by default.
        voxel_size : float, optional
            [m], of results that do not know it.

        Returns
        -------
        matplotlib Axes

        Raises
        ------
        InputError
            No such axis or index, or nothing to draw in this result.
        """
        from poreops.base.show.plot import plot

        return plot(self._kind, self, ax, **options)

    def save(self, path: str | Path) -> None:
        """Write this whole or not at all: HDF5, or `.npz` of a network; never pickle.

        Parameters
        ----------
        path : str or Path
            `.h5` or `.hdf5`: a dataset each array, their units and axes as attributes
            ``NAME.units`` and ``NAME.dims`` of the root, the numbers as its other attributes.
            `poreops.load_regions` reads regions back. `.npz` (network): the arrays of OpenPNM,
            `poreops.load_network` reads them back.

        Raises
        ------
        InputError
            Another suffix, or a folder that cannot be written.
        """
        from poreops.base.show.files import save

        save(self._kind, self, path)

    def to_xarray(self, voxel_size: float | None = None) -> "xarray.Dataset":
        """Return this as an xarray.Dataset with named axes, coordinates and units.

        Parameters
        ----------
        voxel_size : float, optional
            [m], of results that do not know it; coordinates are in voxels without it.

        Returns
        -------
        xarray.Dataset
            Array axes 0, 1, 2 are x, y, z; a coordinate is that of the voxel's centre, the
            image's corner lies at 0. The numbers are attributes.

        Raises
        ------
        InputError
            xarray is not installed.
        """
        from poreops.base.show.convert import to_xarray

        return to_xarray(self._kind, self, voxel_size)

    def to_pyvista(self, voxel_size: float | None = None) -> "pyvista.DataSet":
        """Return this as a PyVista mesh.

        Parameters
        ----------
        voxel_size : float, optional
            [m], of results that do not know it; 1 without it.

        Returns
        -------
        pyvista.ImageData or pyvista.PolyData
            An image has a cell for each voxel, its corner at the origin; a network has points
            and lines.

        Raises
        ------
        InputError
            PyVista is not installed, or this result is no image and no network.
        """
        from poreops.base.show.convert import to_pyvista

        return to_pyvista(self._kind, self, voxel_size)
