"""Draw, label and render the synthetic plugs, read the real rocks: artifacts/properties/rocks/.

Each finished plug is kept in artifacts/.partial/properties-rocks until all are done, so that a killed run
goes on where it stopped.
"""

import hashlib
import shutil
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from poreops.base.files import write_table
from poreops.base.hdf5 import read_hdf5, write_hdf5
from poreops.base.settings import section
from poreops.errors import InputError, exit_on_input_error
from poreops.machine.tasks import parallel_map
from poreops.properties.rock_images import read_grey
from poreops.properties.rocks import Rock, RocksConfig, read_rocks, spaced
from poreops.solvers.stokes.permeability import UnderResolvedWarning, permeability
from poreops.solvers.stokes.walls import LABORATORY
from poreops.synthetic.plugs import Plug, draw_plug, plugs
from poreops.synthetic.scanner import render_slices

OUT, PARTIAL, DATA = (
    Path("artifacts/properties/rocks"),
    Path("artifacts/.partial/properties-rocks"),
    Path("data/properties"),
)


def make(config: RocksConfig, folder: Path, plug: Plug) -> Path:
    """Draw, label and render one plug unless that is done already; a task of its own."""
    path = folder / f"{plug.name}.h5"
    if path.exists():
        return path
    im = draw_plug(config.plugs, plug)
    with warnings.catch_warnings():
        # a tight plug has throats of a voxel; the model is to know such rocks too
        warnings.simplefilter("ignore", UnderResolvedWarning)
        flow = permeability(
            im, 0, voxel_size=plug.voxel_size, walls=config.walls,
            tolerance=config.tolerance, workers=1,
        )  # fmt: skip
    rng = np.random.default_rng((plug.seed, 1))
    chosen = spaced(len(im), config.slices)
    write_hdf5(
        path,
        {"grey": render_slices(im, chosen, config.rendering, plug.seed), "pore": im[chosen]},
        {
            "genesis": plug.genesis,
            "voxel_size": plug.voxel_size,
            "porosity": im.mean() + config.laboratory.porosity * rng.standard_normal(),
            "permeability": flow.permeability
            * np.exp(config.laboratory.permeability * rng.standard_normal()),
            "walls": config.walls,
            "slices": chosen,
        },
    )
    return path


def read(config: RocksConfig, rock: Rock) -> tuple[dict[str, np.ndarray], dict[str, object]]:
    """Read the slices of a real rock, at most as many as of a plug."""
    volume = read_grey(rock.files, rock.name, voxel_size=rock.voxel_size)
    for text in volume.reading.warnings:
        print(f"{rock.name}: warning: {text}")
    grey = volume.image
    chosen = spaced(len(grey), config.slices)
    facts = {"genesis": "real", "voxel_size": rock.voxel_size, "porosity": rock.porosity}
    facts["walls"] = LABORATORY  # its flow knows no voxels
    return {"grey": grey[chosen]}, facts | {"permeability": rock.permeability, "slices": chosen}


def main() -> None:
    """Write the slices of all rocks and a table with a row for each slice."""
    config = section("properties.rocks", RocksConfig)
    real = read_rocks(DATA / "rocks.csv", DATA / "images")
    drawn = plugs(config.plugs)
    if clashes := {rock.name for rock in real} & {plug.name for plug in drawn}:
        raise InputError(
            f"a sample must not be named as a synthetic plug, got {', '.join(sorted(clashes))}; "
            "rename it in rocks.csv"
        )
    if not real and not drawn:
        raise InputError(
            "there must be rocks, got none in rocks.csv and none drawn; add rows, or raise "
            "rocks.plugs.counts"
        )
    found = {rock.name: read(config, rock) for rock in real}
    # plugs of another configuration do not count
    digest = hashlib.sha256(config.model_dump_json().encode()).hexdigest()[:16]
    task = partial(make, config, PARTIAL.resolve() / digest)
    for path in parallel_map(task, drawn, announce=print):
        found[path.stem] = read_hdf5(path)
    arrays = {f"{name}/{key}": a for name, (kept, _) in found.items() for key, a in kept.items()}
    write_hdf5(OUT / "slices.h5", arrays)
    facts = pd.DataFrame([{"rock": name, **facts} for name, (_, facts) in found.items()])
    write_table(OUT / "rocks.parquet", facts.rename(columns={"slices": "slice"}).explode("slice"))
    shutil.rmtree(PARTIAL, ignore_errors=True)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
