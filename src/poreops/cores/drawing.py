"""Draw digital cores with a model, into memory or into a folder of TIFF files."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from poreops.base.arguments import checked_count, checked_number, shown
from poreops.base.files import replacing
from poreops.cores.learning.goals import Goals
from poreops.cores.registry import load_core_model
from poreops.errors import InputError
from poreops.machine.memory import require_memory
from poreops.machine.progress import ticking

if TYPE_CHECKING:
    from poreops.cores.features.structure import Segmentation
    from poreops.cores.model import CoreModel

Cores = NDArray[np.uint8]


def generate(
    model: "CoreModel | str | Path",
    count: int = 1,
    size: int | None = None,
    *,
    seed: int = 0,
    porosity: float | None = None,
    ore_share: float | None = None,
    progress: bool = False,
) -> Cores:
    """Draw digital cores; core i of a seed is the same whatever the number of cores.

    Parameters
    ----------
    model : DigitalCoreModel, QuiltingModel or str
        Of `poreops.load_core_model`, or its URI or folder.
    count : int
        How many.
    size : int, optional
        Edge [pixel]; that of the training patches by default.
    seed : int
        Not negative.
    porosity, ore_share : float, optional
        Share of pores, and of ores (bright grains), that every core comes near to; one that
        training crops have. By default each core draws those of the rock.
    progress : bool
        Show a bar on stderr, or below the cell of a notebook.

    Returns
    -------
    (count, size, size) uint8

    Raises
    ------
    InputError
        No such model, a count or size that is not positive, a negative seed, a share that the
        model does not draw, or a core that does not fit in memory.
    """
    drawn = _request(model, count, size, seed, Goals(porosity, ore_share))
    return np.concatenate(list(_ticked(drawn.stream, count, progress, 0.0)))


def generate_files(
    model: "CoreModel | str | Path",
    folder: str | Path,
    count: int = 1,
    size: int | None = None,
    *,
    seed: int = 0,
    porosity: float | None = None,
    ore_share: float | None = None,
    masks: bool = False,
    progress: bool = False,
    delay: float = 0.0,
) -> list[Path]:
    """Draw the cores of `generate` into a folder, each as soon as it is drawn: any number fits.

    Parameters
    ----------
    folder : of the files `core_0000.tif`, ...; it is made
    masks : write the pores of each too, `mask_0000.tif`, ..., uint8: 255 pore, 0 solid
    delay : before the bar appears [s]

    Returns
    -------
    list of Path
        Of the cores.
    """
    import tifffile

    drawn = _request(model, count, size, seed, Goals(porosity, ore_share))
    if masks and drawn.segmentation is None:
        raise InputError(
            "masks need a model that knows what a pore is, got one that was trained before models "
            "kept it; make it again with cores_train"
        )
    folder = Path(folder)
    paths = [folder / name for name in core_names(count)]
    unwritten = iter(paths)
    for cores in _ticked(drawn.stream, count, progress, delay):
        for core, path in zip(cores, unwritten, strict=False):
            with replacing(path) as temporary:
                tifffile.imwrite(temporary, core)
            if masks and drawn.segmentation is not None:
                pores = drawn.segmentation.pores(core[None])[0]
                with replacing(path.with_name(path.name.replace("core", "mask"))) as temporary:
                    tifffile.imwrite(temporary, np.where(pores, 255, 0).astype(np.uint8))
    return paths


def core_names(count: int, kind: str = "core") -> list[str]:
    """Return the names of the files of so many cores, or of their masks.

    Parameters
    ----------
    count : number of cores
    kind : what the names begin with
    """
    digits = max(len(str(count - 1)), 4)
    return [f"{kind}_{number:0{digits}d}.tif" for number in range(count)]


def check_request(count: int, seed: int) -> None:
    """Raise InputError unless there is a core to draw and the seed is one.

    Parameters
    ----------
    count : number of cores
    seed : of the random numbers
    """
    for value, what in ((count, "the number of cores"), (seed, "a seed")):
        checked_count(value, what, least=-(2**31), most=2**63)
    if count < 1:
        raise InputError(f"the number of cores must be positive, got {count}; give it as -n 1")
    if seed < 0:
        raise InputError(f"a seed must not be negative, got {seed}; give it as --seed 0")


@dataclass(frozen=True)
class _Drawn:
    """Cores as they are drawn, and what tells their pores."""

    stream: Iterator[Cores]
    segmentation: "Segmentation | None"


def _request(
    model: "CoreModel | str | Path",
    count: int,
    size: int | None,
    seed: int,
    goals: Goals,
) -> _Drawn:
    """Check everything; nothing is drawn yet."""
    check_request(count, seed)
    if isinstance(model, str | Path):
        model = load_core_model(str(model))
    elif not hasattr(model, "stream"):
        raise InputError(
            f"a model must be one of load_core_model or its URI, got {shown(model)}; e.g. "
            "models:/digital-core@champion"
        )
    size = model.patch if size is None else size
    stated = {
        name: None if share is None else checked_number(share, name.replace("_", " "), remedy)
        for name, share, remedy in (
            ("porosity", goals.porosity, "0.05 is usual"),
            ("ore_share", goals.ore_share, "0.01 is usual"),
        )
    }
    need = model.bytes_needed(size)
    require_memory(need, f"drawing a core of {size} x {size} pixels", "lower --size")
    stream = model.stream(count, size, seed=seed, **stated)
    return _Drawn(stream, model.segmentation)


def _ticked(stream: Iterator[Cores], count: int, progress: bool, delay: float) -> Iterator[Cores]:
    with ticking(progress, "cores", count, delay) as tick:
        for cores in stream:
            yield cores
            for _ in cores:
                tick("")
