"""The image of a command: how to read it, what was read, and whether it fits in memory."""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from poreops.errors import InputError
from poreops.volumes.memory import require_memory
from poreops.volumes.read import ImageHeader, read_header, read_image


class Phases(NamedTuple):
    """An image of several phases, and the diffusivity of each."""

    image: NDArray[np.uint8]
    diffusivity: dict[int, float]


@dataclass(frozen=True)
class ImageSource:
    """An image file and how to read it; see `poreops.read_image`."""

    path: str
    dataset: str | None = None
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    pore_labels: tuple[int, ...] | None = None
    voxel_size: float | None = None

    @property
    def chosen(self) -> bool:
        """Whether the user named the label of the pore."""
        return self.pore_labels is not None

    def header(self) -> ImageHeader:
        """Read shape and type only."""
        return read_header(self.path, dataset=self.dataset, shape=self.shape, dtype=self.dtype)

    def fitting_header(self, bytes_per_voxel: int, job: str) -> ImageHeader:
        """Read shape and type, and refuse an image whose job does not fit in memory."""
        header = self.header()
        size = " x ".join(str(n) for n in header.shape)
        require_memory(
            header.voxels * bytes_per_voxel, f"{job} of {size} voxels", "crop the image to a part"
        )
        return header

    def read(self) -> Any:
        """Read the image, True = pore."""
        from types import SimpleNamespace

        from poreops.conduits import checked_voxel_size

        if self.voxel_size is not None:
            checked_voxel_size(self.voxel_size)
        image = read_image(
            self.path,
            dataset=self.dataset,
            shape=self.shape,
            dtype=self.dtype,
            pore_label=self.pore_labels[0] if self.pore_labels else None,
        )
        reading = SimpleNamespace(
            pore_labels=self.pore_labels or (1,),
            pore_rule="default",
            edge=self.voxel_size,
            voxel_size_source="given",
            resampling=None,
            photometric=None,
            warnings=(),
            as_dict=dict,
        )
        return SimpleNamespace(image=image, reading=reading)

    def read_phases(self, diffusivity: dict[int, float]) -> tuple[Any, Phases]:
        """Read the image of what conducts, and the phases with their diffusivities.

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
        volume = replace(self, pore_labels=conducting).read()
        phases = np.zeros(volume.image.shape, np.uint8)
        for number, label in enumerate(diffusivity, start=1):
            phases[replace(self, pore_labels=(label,)).read().image] = number
        if not phases.all():
            share = np.count_nonzero(phases == 0) / phases.size
            raise InputError(
                f"each label needs a diffusivity, {share:.1%} of {self.path} has other labels "
                f"than {', '.join(map(str, diffusivity))}; give 0 for what insulates"
            )
        return volume, Phases(phases, dict(enumerate(diffusivity.values(), start=1)))


def required_edge(edge: float | None, path: str) -> float:
    """Return the edge of a voxel, or raise `InputError` where nobody said."""
    if edge is None:
        raise InputError(
            f"the voxel size must be known, {path} does not state it; give it in metres, e.g. "
            "--voxel-size 5.3e-6"
        )
    return edge


def about(command: str, source: ImageSource, volume: Any, block: dict[str, Any]) -> dict[str, Any]:
    """Return what every answer says of its image."""
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
