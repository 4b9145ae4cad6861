"""Import a package that only some users have."""

from importlib import import_module
from types import ModuleType


def needed(package: str) -> ModuleType:
    """Import a package, or raise InputError that names it."""
    from poreops.errors import InputError

    try:
        return import_module(package)
    except ImportError:
        raise InputError(
            f"this needs the package {package}, got none installed; install it with: "
            f"pip install {package}"
        ) from None
