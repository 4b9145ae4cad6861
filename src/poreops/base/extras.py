"""Extras of the package: what is imported late of each, and the line where one is missing."""

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from poreops.errors import InputError

EXTRAS: Mapping[str, tuple[str, ...]] = {
    "networks": ("matplotlib", "openpnm", "pandas", "pyamg"),
    "synthetic": ("porespy",),
    "conductance": ("keras", "tensorflow", "xgboost"),
    "properties": ("matplotlib", "pandas", "sklearn", "xgboost"),
    "cores": ("keras", "tensorflow"),
    "pipeline": ("dask", "distributed", "great_expectations", "mlflow", "optuna"),
    "serving": ("cryptography", "mlflow", "uvicorn"),
    "formats": ("SimpleITK",),
}
"""Extra → modules that must be there; `pyproject.toml` says what installs them."""


def needs(extra: str, what: str) -> None:
    """Raise an error that names the extra, unless its modules can be imported; imports none.

    Parameters
    ----------
    extra : str
        A key of `EXTRAS`.
    what : str
        What needs it, the subject of the sentence.

    Raises
    ------
    InputError
        A module is missing.
    """
    missing = [name for name in EXTRAS[extra] if not _installed(name)]
    if missing:
        raise InputError(
            f"{what} needs packages that are not installed ({', '.join(missing)}); "
            f'pip install "poreops[{extra}]"'
        )


def needed(package: str) -> ModuleType:
    """Import a package that only some users have, and that no extra must bring.

    Parameters
    ----------
    package : str
        Its name, for import and for pip.

    Returns
    -------
    module

    Raises
    ------
    InputError
        It is not installed.
    """
    try:
        return import_module(package)
    except ImportError:
        raise InputError(
            f"this needs the package {package}, got none installed; install it with: "
            f"pip install {package}"
        ) from None


def _installed(module: str) -> bool:
    # a folder of that name, as the project's mlflow/, is found too, but has no origin
    spec = find_spec(module)
    return spec is not None and spec.origin is not None
