"""Experiment platform for pore-scale models: segmented volumes in, trained models in networks out.

The public names load on first use, so that `import poreops` stays light (PEP 562).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from poreops.errors import InputError

if TYPE_CHECKING:
    from poreops.conductance import export_for_porespy, load_model
    from poreops.network import build_network
    from poreops.regions.partition import partition
    from poreops.rocks.properties import load_rock_model
    from poreops.transport.bulk import formation_factor
    from poreops.transport.image_check import check
    from poreops.transport.size_factor import diffusive_size_factors
    from poreops.transport.stokes import hydraulic_size_factors, permeability
    from poreops.volumes.read import read_image

    __version__: str

__all__ = [
    "InputError",
    "__version__",
    "build_network",
    "check",
    "diffusive_size_factors",
    "export_for_porespy",
    "formation_factor",
    "hydraulic_size_factors",
    "load_model",
    "load_rock_model",
    "partition",
    "permeability",
    "read_image",
]

_MODULE_OF = {
    "build_network": "poreops.network",
    "check": "poreops.transport.image_check",
    "diffusive_size_factors": "poreops.transport.size_factor",
    "export_for_porespy": "poreops.conductance",
    "formation_factor": "poreops.transport.bulk",
    "hydraulic_size_factors": "poreops.transport.stokes",
    "load_model": "poreops.conductance",
    "load_rock_model": "poreops.rocks.properties",
    "partition": "poreops.regions.partition",
    "permeability": "poreops.transport.stokes",
    "read_image": "poreops.volumes.read",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("poreops")
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'poreops' has no attribute {name!r}")
    return getattr(import_module(_MODULE_OF[name]), name)


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
