"""What the local solves of an interface network are used again for."""

import numpy as np
from numpy.typing import NDArray

from poreops.base.arguments import checked_workers
from poreops.base.show.result import Result
from poreops.conduits.partition import Regions
from poreops.networks.interface.drainage import POINTS, SURFACE_TENSION, Drainage, drainage
from poreops.networks.interface.effective import InterfaceDiffusion, diffusion_along
from poreops.networks.interface.joints import Joints
from poreops.networks.interface.pairs import pair_intervals
from poreops.networks.interface.resolve import along_without, chosen
from poreops.networks.interface.tensor import DiffusivityTensor, diffusivity_tensor


class Reusable(Result):
    """A network that keeps how its blocks answer, for other boundary values and other pores.

    Attributes
    ----------
    regions, voxel_size, along, joints : as of `InterfaceNetwork`
    """

    regions: Regions
    voxel_size: float
    along: tuple[InterfaceDiffusion, ...]
    joints: Joints

    def diffusivity_tensor(self, workers: int | None = None) -> DiffusivityTensor:
        """Return bounds on the tensor of effective diffusivity, from the same local solves.

        Only the blocks at the image's faces answer once more.

        Parameters
        ----------
        workers : threads; all processors by default

        Returns
        -------
        DiffusivityTensor
            That of potentials linear in the position on the whole surface of the image, which is
            never below that of the image with insulating sides.
        """
        return diffusivity_tensor(self.joints, checked_workers(workers))

    def without(
        self, pores: NDArray[np.generic], throats: NDArray[np.generic] | None = None
    ) -> tuple[InterfaceDiffusion, ...]:
        """Take pores and throats out and solve again, along each axis, without a local solve.

        Parameters
        ----------
        pores : (N,) bool, or indices from 0
            Regions whose voxels become solid.
        throats : (Nt,) bool, or indices from 0, optional
            Throats of ``regions.conns`` that nothing passes any more.

        Returns
        -------
        tuple of InterfaceDiffusion
            The porosity is that of the pores that are left.

        Raises
        ------
        InputError
            No such pore or throat.
        """
        labels, conns = self.regions.labels, self.regions.conns
        gone = chosen(pores, self.regions.count, "pores")
        shut = chosen([] if throats is None else throats, len(conns), "throats")
        found = along_without(self.joints, gone, shut)
        volumes = np.bincount(labels.ravel(), minlength=self.regions.count + 1)[1:]
        porosity = float(volumes[~gone].sum()) / labels.size
        return tuple(
            diffusion_along(axis, found.get(axis), labels.shape, porosity)
            for axis in range(labels.ndim)
        )

    def drainage(
        self,
        inlet: str = "xmin",
        *,
        points: int = POINTS,
        surface_tension: float = SURFACE_TENSION,
        contact_angle: float = 0.0,
        trapping: bool = False,
    ) -> Drainage:
        """Let a fluid that does not wet invade the pores; say how well the rest conducts.

        OpenPNM's drainage on the classical network of the same regions decides which pores are
        invaded, by the inscribed diameters of their throats. Needs the extra networks.

        Parameters
        ----------
        inlet : face that the fluid comes from: "xmin", "xmax", "ymin", ...
        points : states that conduct, about evenly spread in saturation
        surface_tension : [N/m]
        contact_angle : of the fluid that wets [°], below 90
        trapping : pores without a way to the opposite face through others keep what they hold

        Returns
        -------
        Drainage

        Raises
        ------
        InputError
            No such face, a number out of range, or an image of a single pore.
        """
        return drainage(
            self, inlet=inlet, points=points, surface_tension=surface_tension,
            contact_angle=contact_angle, trapping=trapping,
        )  # fmt: skip

    def pair_size_factors(self) -> NDArray[np.float64]:
        """Return bounds on what the two pores of each throat conduct through it, (Nt, 2) [m].

        All other throats of the one pore are held at 1, those of the other at 0.
        """
        return pair_intervals(self.joints, self.regions.conns) * self.voxel_size
