"""Draw digital cores with a model, into memory or into a folder of TIFF files."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from poreops.base.arguments import checked_count, shown
from poreops.base.files import replacing
from poreops.cores.registry import load_core_model
from poreops.errors import InputError
from poreops.machine.memory import require_memory
from poreops.machine.progress import ticking

if TYPE_CHECKING:
    from poreops.cores.model import DigitalCoreModel

Cores = NDArray[np.uint8]


def generate(
    model: "DigitalCoreModel | str | Path",
    count: int = 1,
    size: int | None = None,
    *,
    seed: int = 0,
    progress: bool = False,
) -> Cores:
    """Draw digital cores; core i of a seed is the same whatever the number of cores.

    Parameters
    ----------
    model : DigitalCoreModel or str
        Of `poreops.load_core_model`, or its URI or folder.
    count : int
        How many.
    size : int, optional
        Edge [pixel]; that of the training patches by default.
    seed : int
        Not negative.
    progress : bool
        Show a bar on stderr, or below the cell of a notebook.

    Returns
    -------
    (count, size, size) uint8

    Raises
    ------
    InputError
        No such model, a count or size that is not positive, a negative seed, or a core that does
        not fit in memory.
    """
    return np.concatenate(list(_drawn(model, count, size, seed, progress)))


def generate_files(
    model: "DigitalCoreModel | str | Path",
    folder: str | Path,
    count: int = 1,
    size: int | None = None,
    *,
    seed: int = 0,
    progress: bool = False,
    delay: float = 0.0,
) -> list[Path]:
    """Draw the cores of `generate` into a folder, each as soon as it is drawn: any number fits.

    Parameters
    ----------
    folder : of the files `core_0000.tif`, ...; it is made
    delay : before the bar appears [s]

    Returns
    -------
    list of Path
    """
    import tifffile

    stream = _drawn(model, count, size, seed, progress, delay)
    folder = Path(folder)
    paths = [folder / name for name in core_names(count)]
    unwritten = iter(paths)
    for cores in stream:
        for core, path in zip(cores, unwritten, strict=False):
            with replacing(path) as temporary:
                tifffile.imwrite(temporary, core)
    return paths


def core_names(count: int) -> list[str]:
    """Return the names of the files of so many cores."""
    digits = max(len(str(count - 1)), 4)
    return [f"core_{number:0{digits}d}.tif" for number in range(count)]


def check_request(count: int, seed: int) -> None:
    """Raise InputError unless there is a core to draw and the seed is one."""
    for value, what in ((count, "the number of cores"), (seed, "a seed")):
        checked_count(value, what, least=-(2**31), most=2**63)
    if count < 1:
        raise InputError(f"the number of cores must be positive, got {count}; give it as -n 1")
    if seed < 0:
        raise InputError(f"a seed must not be negative, got {seed}; give it as --seed 0")


def _drawn(
    model: "DigitalCoreModel | str | Path",
    count: int,
    size: int | None,
    seed: int,
    progress: bool,
    delay: float = 0.0,
) -> Iterator[Cores]:
    """Check everything, then return the stream of cores."""
    check_request(count, seed)
    if isinstance(model, str | Path):
        model = load_core_model(str(model))
    elif not hasattr(model, "stream"):
        raise InputError(
            f"a model must be one of load_core_model or its URI, got {shown(model)}; e.g. "
            "models:/digital-core@champion"
        )
    size = model.network.patch if size is None else size
    need = model.bytes_needed(size)
    require_memory(need, f"drawing a core of {size} x {size} pixels", "lower --size")
    return _ticked(model.stream(count, size, seed=seed), count, progress, delay)


def _ticked(stream: Iterator[Cores], count: int, progress: bool, delay: float) -> Iterator[Cores]:
    with ticking(progress, "cores", count, delay) as tick:
        for cores in stream:
            yield cores
            for _ in cores:
                tick("")
