"""The command `sample`: a small rock as a file."""

from pathlib import Path

import numpy as np
import tifffile

from poreops.base.files import replacing
from poreops.cli.answer import Answer, Results
from poreops.errors import InputError
from poreops.synthetic.sample import VOXEL_SIZE, sample_rock


def sample(path: Path, size: int, porosity: float, seed: int, overwrite: bool) -> Answer:
    """Draw a rock and write it as a TIFF stack that states its voxel size.

    Parameters
    ----------
    path : file to write
    size : edge of the cube [voxel]
    porosity : share of the pores
    seed : another one gives another rock
    overwrite : replace the file

    Raises
    ------
    InputError
        If the file is there already, or an argument is out of its range.
    """
    if path.suffix.lower() not in (".tif", ".tiff"):
        raise InputError(f"a sample is written as TIFF, got {path}; name it as rock.tif")
    if path.exists() and not (overwrite and path.is_file()):
        raise InputError(f"{path} is there already; choose another name, or say --overwrite")
    im = sample_rock(size, porosity, seed)
    micrometres = VOXEL_SIZE * 1e6
    with replacing(path) as temporary:
        tifffile.imwrite(
            temporary,
            im.astype(np.uint8) * 255,
            imagej=True,
            resolution=(1 / micrometres, 1 / micrometres),
            metadata={"axes": "ZYX", "spacing": micrometres, "unit": "um"},
        )
    return Answer(
        {
            "image": path.as_posix(),
            "shape": list(im.shape),
            "voxel_size_m": VOXEL_SIZE,
            "porosity": float(im.mean()),
            "pore_label": 255,
            "seed": seed,
        }
    )


def sample_text(results: Results) -> str:
    """Return the results of `sample` for a terminal.

    Parameters
    ----------
    results : of `sample`
    """
    edges = " x ".join(map(str, results["shape"]))
    return (
        f"{results['image']}: {edges} voxels of {results['voxel_size_m']:g} m, "
        f"porosity {results['porosity']:.4f}, pore = {results['pore_label']}\n"
        f"next: poreops network {results['image']} -o out/"
    )
