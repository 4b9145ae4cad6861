"""The image of a command: how to read it, what was read, and whether it fits in memory."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from poreops.base.content import Json
from poreops.errors import InputError
from poreops.images.read import read_header, read_volume
from poreops.images.reading import Reading, Volume
from poreops.images.spacing import VoxelSize
from poreops.machine.memory import require_memory


class Phases(NamedTuple):
    """An image of several phases, and the diffusivity of each."""

    image: NDArray[np.uint8]
    diffusivity: dict[int, float]


@dataclass(frozen=True)
class ImageSource:
    """An image file and how to read it; see `poreops.images.read.read_volume`."""

    path: str
    dataset: str | None = None
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    offset: int = 0
    pore_label: tuple[int, ...] | None = None
    voxel_size: VoxelSize | None = None
    any_voxel_size: bool = False

    @property
    def chosen(self) -> bool:
        """Whether the user named the label of the pore."""
        return self.pore_label is not None

    def fitting_header(self, bytes_per_voxel: int, job: str, *, sized: bool = False) -> Reading:
        """Read what the file says of itself, and refuse an image whose job does not fit in memory.

        Parameters
        ----------
        bytes_per_voxel : that the job takes at its peak
        job : its name, for the error
        sized : whether the job needs a voxel size

        Raises
        ------
        InputError
            The job needs more memory than there is, or it must be `sized` and no voxel size is
            known.
        """
        header = read_header(self.path, **self.options())
        size = " x ".join(str(n) for n in header.shape)
        require_memory(
            header.voxels * bytes_per_voxel, f"{job} of {size} voxels", "crop the image to a part"
        )
        if sized:
            required_edge(header)
        return header

    def read(self) -> Volume:
        """Read the image, True = pore, and how it was understood."""
        return read_volume(self.path, pore_label=self.pore_label, **self.options())

    def options(self) -> dict[str, Json]:
        """Return how the file is read, but for the label of the pore."""
        options = dict(vars(self))
        del options["path"], options["pore_label"]
        return options

    def read_phases(self, diffusivity: dict[int, float]) -> tuple[Volume, Phases]:
        """Read the image of what conducts, and the phases with their diffusivities.

        Parameters
        ----------
        diffusivity : label → relative to the free one

        Raises
        ------
        InputError
            A label of the image has no diffusivity, or none of them conducts.
        """
        if self.chosen:
            raise InputError(
                "the phases that conduct are those of --diffusivity, got --pore-label as well; "
                "drop one of the two"
            )
        conducting = tuple(label for label, value in diffusivity.items() if value > 0)
        if not conducting:
            raise InputError("a diffusivity must be > 0, got 0 for each label; correct it")
        volume = replace(self, pore_label=conducting).read()
        phases = np.zeros(volume.image.shape, np.uint8)
        for number, label in enumerate(diffusivity, start=1):
            phases[replace(self, pore_label=(label,)).read().image] = number
        if not phases.all():
            share = np.count_nonzero(phases == 0) / phases.size
            raise InputError(
                f"each label needs a diffusivity, {share:.1%} of {self.path} has other labels "
                f"than {', '.join(map(str, diffusivity))}; give 0 for what insulates"
            )
        return volume, Phases(phases, dict(enumerate(diffusivity.values(), start=1)))


def required_edge(reading: Reading) -> float:
    """Return the edge of a voxel, or raise `InputError` where neither file nor user says.

    Parameters
    ----------
    reading : how the file was read
    """
    if reading.edge is None:
        raise InputError(
            f"the voxel size must be known, {reading.path.name} does not state it; give it in "
            "metres, e.g. --voxel-size 5.3e-6"
        )
    return reading.edge


def about(
    command: str, source: ImageSource, volume: Volume, block: dict[str, Json]
) -> dict[str, Json]:
    """Return what every answer says of its image.

    Parameters
    ----------
    command : its name
    source : of the image
    volume : the image and how it was read
    block : as of `check_block`
    """
    import poreops

    return {
        "command": command,
        "version": poreops.__version__,
        "image": source.path,
        "reading": volume.reading.as_dict(),
        "shape": list(volume.image.shape),
        "voxel_size_m": volume.reading.edge,
        "porosity": block["pore"]["share"],
        "check": block,
    }
