"""Save a result: HDF5 of all that it holds, or `.npz` of a network; never pickle."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from poreops.base.content import Json
from poreops.base.show.fields import content
from poreops.errors import InputError

if TYPE_CHECKING:
    from poreops.networks.network import PoreNetwork


def save(kind: str, result: object, path: str | Path) -> None:
    """Write a result of a kind; see `poreops.base.show.result.Result.save`.

    Parameters
    ----------
    kind : key of `poreops.base.show.fields.CONTENTS`
    result : of that kind
    path : file to write
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if kind == "network":
        if suffix != ".npz":
            raise InputError(f"a network is saved as .npz, got {path.name}; name it network.npz")
        _save_arrays(cast("PoreNetwork", result), path)
        return
    if suffix not in (".h5", ".hdf5"):
        raise InputError(f"a result is saved as HDF5, got {path.name}; name it {path.stem}.h5")
    from poreops.base.hdf5 import write_hdf5

    held = content(kind, result)
    known = {name: value for name, value in held.numbers.items() if value is not None}
    attrs: dict[str, object] = {**known, "kind": kind}
    if held.voxel_size is not None:
        attrs["voxel_size_m"] = held.voxel_size
    for name, one in held.fields.items():
        attrs |= {f"{name}.units": one.units, f"{name}.dims": ",".join(one.dims)}
    write_hdf5(path, {name: one.values for name, one in held.fields.items()}, attrs)


def _save_arrays(result: "PoreNetwork", path: Path) -> None:
    from poreops.base.files import replacing

    arrays: dict[str, Json] = {key: np.asarray(values) for key, values in result.openpnm.items()}
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **dict(sorted(arrays.items())))
