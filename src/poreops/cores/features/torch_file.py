"""Read the tensors of a PyTorch file (legacy format) without PyTorch and without running code.

A pickle can run anything; this reader knows the four names that a file of plain tensors needs, and
refuses every other.
"""

import pickle
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from poreops.base.arrays import Array, DType
from poreops.base.content import Json
from poreops.errors import InputError

_MAGIC = 0x1950A86A20F9469CFC6C
_STORAGES = {"FloatStorage": np.float32, "LongStorage": np.int64}


def read_torch_tensors(path: str | Path) -> dict[str, Array]:
    """Return name → array of a file that ``torch.save(model.state_dict(), path)`` wrote.

    Parameters
    ----------
    path : file in PyTorch's format of before 1.6 with float32 and int64 tensors

    Raises
    ------
    InputError
        If it is missing, truncated, of another format, or names anything but tensors.
    """
    try:
        with Path(path).open("rb") as file:
            return _tensors(file)
    except (OSError, pickle.UnpicklingError, EOFError, ValueError, KeyError, TypeError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"{path} must be a PyTorch file of plain tensors, got {reason}; install its package "
            "again"
        ) from None


class _Tensor:
    """A view of a storage whose numbers come later in the file."""

    def __init__(
        self, key: str, offset: int, shape: Sequence[int], strides: Sequence[int]
    ) -> None:
        self.key, self.offset = key, offset
        self.shape, self.strides = tuple(shape), tuple(strides)

    def view(self, storage: Array) -> Array:
        last = sum((n - 1) * step for n, step in zip(self.shape, self.strides, strict=True))
        if 0 in self.shape or not 0 <= self.offset + last < storage.size:
            raise ValueError("a tensor outside its storage")
        view = np.lib.stride_tricks.as_strided(
            storage[self.offset :],
            self.shape,
            [step * storage.itemsize for step in self.strides],
            writeable=False,
        )
        return view.copy()


class _Unpickler(pickle.Unpickler):
    """An unpickler that can make tensors, dictionaries and plain values, and call nothing else."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.storages: dict[str, DType] = {}

    def find_class(self, module: str, name: str) -> object:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda key, offset, shape, strides, *_: _Tensor(key, offset, shape, strides)
        if module == "torch" and name in _STORAGES:
            return np.dtype(_STORAGES[name])
        raise pickle.UnpicklingError(f"the name {module}.{name}, which is no tensor")

    def persistent_load(self, pid: Json) -> str:
        _, dtype, key, *_ = pid
        self.storages[str(key)] = dtype
        return str(key)


def _tensors(file: BinaryIO) -> dict[str, Array]:
    if _Unpickler(file).load() != _MAGIC:
        raise ValueError("another format")
    for _ in ("protocol", "sizes of the writer's integers"):
        _Unpickler(file).load()
    reader = _Unpickler(file)
    named = reader.load()
    storages = {}
    for key in _Unpickler(file).load():
        count = int.from_bytes(file.read(8), "little")
        dtype = reader.storages[key]
        block = file.read(count * dtype.itemsize)
        storages[key] = np.frombuffer(block, dtype.newbyteorder("<"))
        if len(storages[key]) != count:
            raise EOFError("a truncated file")
    return {name: tensor.view(storages[tensor.key]) for name, tensor in named.items()}
