"""Model artifacts: code and files with a strict signature, no pickle."""

import json
import shutil
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from poreops.base.files import read_yaml, write_yaml
from poreops.errors import InputError
from poreops.mlops.tracking.connection import quiet_mlflow
from poreops.mlops.tracking.package import CODE, ship_code, ship_environment, write_manifest

if TYPE_CHECKING:
    from mlflow.pyfunc import PyFuncModel


@dataclass(frozen=True)
class Tensor:
    """One input or output of a model: its dtype and its shape, -1 for any length."""

    dtype: str
    shape: tuple[int, ...]


def save_pyfunc(
    folder: str | Path,
    model_code: str | Path,
    artifacts: Mapping[str, str | Path],
    *,
    inputs: Tensor,
    outputs: Tensor,
    requirements: Sequence[str] | None = None,
    metadata: Mapping[str, object] | None = None,
    example: NDArray[np.generic] | None = None,
    options: Sequence[str] = (),
) -> Path:
    """Save an MLflow model made of code and files: no pickle, the same bytes for the same model.

    It lists the digests of its files in a manifest.

    Parameters
    ----------
    folder : replaced if it exists.
    model_code : script that ends with `mlflow.models.set_model(Model())`, copied.
    artifacts : name → file or folder that Model.load_context finds in context.artifacts, copied.
    inputs, outputs : the strict signature; another dtype or shape is refused.
    requirements : pip requirements of the model; by default the library's code is shipped inside,
        with the lock of what it needs.
    metadata : plain values kept with the model.
    example : an input that can be served.
    options : names of numbers that a request may state as MLflow's params, each None if it does
        not.
    """
    import mlflow
    from mlflow.models import ModelSignature
    from mlflow.types import ParamSchema, ParamSpec, Schema, TensorSpec

    folder = Path(folder)
    if folder.exists():
        shutil.rmtree(folder)
    schemas = [Schema([TensorSpec(np.dtype(t.dtype), t.shape)]) for t in (inputs, outputs)]
    stated = ParamSchema([ParamSpec(name, "double", None) for name in options])
    with _quiet():
        mlflow.pyfunc.save_model(
            folder,
            python_model=str(model_code),
            artifacts={name: str(path) for name, path in artifacts.items()},
            signature=ModelSignature(*schemas, params=stated if options else None),
            pip_requirements=["mlflow"] if requirements is None else list(requirements),
            metadata=dict(metadata or {}) | {"poreops": version("poreops")},
            input_example=example,
        )
    # MLflow notes the time, a random number and paths of this machine
    description = read_yaml(folder / "MLmodel")
    for key in ("model_uuid", "utc_time_created", "model_size_bytes"):
        description.pop(key, None)
    flavor = description["flavors"]["python_function"]
    flavor["model_code_path"] = Path(model_code).name
    for artifact in flavor.get("artifacts", {}).values():
        artifact["uri"] = artifact["path"]
    if requirements is None:
        ship_code(folder)
        ship_environment(folder)
        flavor["code"] = CODE
    write_yaml(folder / "MLmodel", description)
    write_manifest(folder)
    return folder


def load_pyfunc(folder: str | Path) -> "PyFuncModel":
    """Return the model of a folder that `save_pyfunc` or `download` made; it has .predict.

    Parameters
    ----------
    folder : of the model, with its MLmodel file
    """
    import mlflow

    with _quiet():
        return mlflow.pyfunc.load_model(str(folder))


def signature(folder: str | Path) -> tuple[Tensor, Tensor]:
    """Return the input and the output of the model in a folder.

    Parameters
    ----------
    folder : as of `load_pyfunc`

    Raises
    ------
    InputError
        If the folder holds no model, or one that is not from one tensor to one tensor.
    """
    stated = read_yaml(Path(folder) / "MLmodel").get("signature") or {}
    tensors = []
    for side in ("inputs", "outputs"):
        specs = [spec.get("tensor-spec") for spec in json.loads(stated.get(side) or "[]")]
        if len(specs) != 1 or specs[0] is None:
            raise InputError(
                f"a model's {side} must be one tensor, got {stated.get(side)} in {folder}; "
                "choose a model that the stage conductance_register registered"
            )
        tensors.append(Tensor(specs[0]["dtype"], tuple(specs[0]["shape"])))
    return tensors[0], tensors[1]


@contextmanager
def _quiet() -> Iterator[None]:
    quiet_mlflow()
    with warnings.catch_warnings():
        # type hints and input examples would only guess the signature that is stated here
        for message in ("Add type hints to the `predict`", "An input example was not", "Any type"):
            warnings.filterwarnings("ignore", f".*{message}", UserWarning)
        yield
