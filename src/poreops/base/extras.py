"""Extras of the package: what is imported late of each, and the line where one is missing."""

from collections.abc import Mapping
from importlib.util import find_spec

from poreops.errors import InputError

EXTRAS: Mapping[str, tuple[str, ...]] = {
    "networks": ("matplotlib", "openpnm", "pandas"),
    "synthetic": ("porespy",),
    "conductance": ("keras", "tensorflow", "xgboost"),
    "properties": ("matplotlib", "pandas", "sklearn", "xgboost"),
    "cores": ("keras", "tensorflow"),
    "pipeline": ("dask", "distributed", "great_expectations", "mlflow", "optuna"),
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


def _installed(module: str) -> bool:
    # a folder of that name, as the project's mlflow/, is found too, but has no origin
    spec = find_spec(module)
    return spec is not None and spec.origin is not None
