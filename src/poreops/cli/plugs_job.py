"""What the command of plugs does: cut volumes, simulate each plug, add it to a table."""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from poreops.base.extras import needs
from poreops.cli.answer import Answer, Results
from poreops.cli.progress import Clock
from poreops.cli.source import ImageSource
from poreops.errors import InputError
from poreops.images.labels import parse_labels


def plugs(
    images: Sequence[str],
    table: Path,
    rock: str | None,
    edge: int,
    count: int,
    pore_label: str | None,
    workers: int | None,
) -> Answer:
    """Add the plugs of volumes to a table.

    Parameters
    ----------
    images : files of segmented volumes of one rock
    table : CSV that the plugs are added to
    rock : what is left out together; None for the file's name
    edge : of a plug [voxel]
    count : most plugs of a volume
    pore_label : label or labels of the pore
    workers : threads; None for all cores
    """
    import poreops

    needs("properties", "a table of plugs")
    from poreops.properties.volumes.cutting import add_plugs, cuts

    names = [Path(image).name for image in images]
    if len(set(names)) < len(names):
        raise InputError(f"volumes must have names of their own, got {', '.join(names)}; rename")
    if not table.parent.is_dir():
        raise InputError(f"the folder of the table must exist, got {table.parent}; make it")
    clock, found = Clock(), {}
    for image, name in zip(images, names, strict=True):
        volume = ImageSource(image, pore_label=parse_labels(pore_label)).read()
        with clock.timed(name):
            rows = add_plugs(
                table, volume.image, name, rock or Path(name).stem,
                cuts(volume.image.shape, edge, count), workers=workers,
                announce=lambda text: sys.stderr.write(f"{text}\n"),
            )  # fmt: skip
        k = rows["permeability"][rows["permeability"] > 0].to_numpy(np.float64)
        found[name] = {
            "plugs": len(rows),
            "percolating": len(k),
            "porosity": float(rows["porosity"].mean()),
            "permeability_voxel2": float(np.exp(np.log(k).mean())) if len(k) else 0.0,
        }
    return Answer(
        {
            "command": "plugs",
            "version": poreops.__version__,
            "table": str(table),
            "volumes": found,
            "seconds": clock.seconds,
        }
    )


def plugs_text(results: Results) -> str:
    """Return the results for a terminal.

    Parameters
    ----------
    results : of `plugs`
    """
    lines = [
        f"{name}: {of['plugs']} plugs, {of['percolating']} let fluid pass; porosity "
        f"{of['porosity']:.4f}, permeability {of['permeability_voxel2']:.4g} voxel²"
        for name, of in results["volumes"].items()
    ]
    return "\n".join([*lines, f"written to {results['table']}"])
