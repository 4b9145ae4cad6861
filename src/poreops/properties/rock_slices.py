"""Grey slices of every rock: plugs drawn, simulated and rendered, real rocks read."""

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from poreops.base.arrays import Array
from poreops.base.content import Json
from poreops.base.conventions import LABORATORY
from poreops.base.hdf5 import read_hdf5, write_hdf5
from poreops.base.kept import kept_in
from poreops.errors import InputError
from poreops.machine.tasks import parallel_map
from poreops.properties.rock_images import read_grey
from poreops.properties.rocks import Rock, RocksConfig, spaced
from poreops.properties.slices.labelled import two_phases
from poreops.solvers.stokes.permeability import UnderResolvedWarning, permeability
from poreops.synthetic.plugs import Plug, draw_plug, plugs
from poreops.synthetic.scanner import render_slices

Announce = Callable[[str], object]
Found = tuple[Mapping[str, Array], Mapping[str, Json]]


def rock_slices(
    config: RocksConfig, real: Sequence[Rock], unfinished: Path, announce: Announce
) -> tuple[dict[str, Array], pd.DataFrame]:
    """Return the slices of all rocks, and a table with a row for each slice.

    Parameters
    ----------
    config : RocksConfig
    real : rocks with images of their own
    unfinished : folder that keeps each finished plug until all are done
    announce : told what a reader warns of, and where plugs are being made

    Returns
    -------
    arrays : "rock/grey" → (n, h, w), and of a plug "rock/pore" → (n, h, w) bool, the truth
    table : ``rock``, ``slice``, ``genesis``, ``voxel_size`` [m], ``porosity``, ``permeability``
        [m²], ``walls``; ``porosity_sd``, ``permeability_sd`` (of log k), how unsure both are as
        labels of what is seen, and ``measured_length`` [m], of what they were measured on

    Raises
    ------
    InputError
        No rock at all, a sample named as a plug, or images that cannot be read.
    """
    drawn = plugs(config.plugs)
    if clashes := {rock.name for rock in real} & {plug.name for plug in drawn}:
        raise InputError(
            f"a sample must not be named as a synthetic plug, got {', '.join(sorted(clashes))}; "
            "rename it in rocks.csv"
        )
    if not real and not drawn:
        raise InputError(
            "there must be rocks, got none in rocks.csv and none drawn; add rows, or raise "
            "properties.rocks.plugs.counts"
        )
    found: dict[str, Found] = {rock.name: real_slices(config, rock, announce) for rock in real}
    folder = kept_in(unfinished.resolve(), config.model_dump_json())
    for path in parallel_map(partial(plug_slices, config, folder), drawn, announce=announce):
        found[path.stem] = read_hdf5(path)
    arrays = {f"{name}/{key}": a for name, (kept, _) in found.items() for key, a in kept.items()}
    facts = pd.DataFrame([{"rock": name, **facts} for name, (_, facts) in found.items()])
    return arrays, facts.rename(columns={"slices": "slice"}).explode("slice")


def plug_slices(config: RocksConfig, folder: Path, plug: Plug) -> Path:
    """Draw, simulate and render one plug into a file unless that is done; a task of its own.

    Parameters
    ----------
    config : RocksConfig
    folder : of the file
    plug : Plug

    Returns
    -------
    Path
        HDF5 with ``grey`` and ``pore`` (n, h, w), and the plug's facts as attributes.
    """
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
            "porosity_sd": config.laboratory.porosity,
            "permeability_sd": config.laboratory.permeability,
            "measured_length": len(im) * plug.voxel_size,
            "slices": chosen,
        },
    )
    return path


def real_slices(config: RocksConfig, rock: Rock, announce: Announce) -> Found:
    """Read the slices of a real rock, at most as many as of a plug.

    Parameters
    ----------
    config : RocksConfig
    rock : Rock
    announce : told what the reader warns of
    """
    volume = read_grey(rock.files, rock.name, voxel_size=rock.voxel_size)
    for text in volume.reading.warnings:
        announce(f"{rock.name}: warning: {text}")
    grey = volume.image
    if rock.pore_label is not None:
        grey = two_phases(grey, rock.name, rock.pore_label)
    chosen = spaced(len(grey), config.slices)
    facts = {"genesis": "real", "voxel_size": rock.voxel_size, "porosity": rock.porosity}
    facts["walls"] = LABORATORY  # its flow knows no voxels
    seen = rock.voxel_size * math.sqrt(grey.shape[1] * grey.shape[2])
    facts["porosity_sd"], facts["permeability_sd"] = rock.label_errors(seen)
    facts["measured_length"] = rock.measured_length
    return {"grey": grey[chosen]}, facts | {"permeability": rock.permeability, "slices": chosen}
