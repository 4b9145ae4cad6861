"""Experiment platform for pore-scale models: segmented volumes in, trained models in networks out.

The public names load on first use, so that `import poreops` stays light (PEP 562).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from poreops.errors import InputError, NotConvergedError

if TYPE_CHECKING:
    from poreops.conductance import export_for_porespy, load_model
    from poreops.cores.drawing import generate
    from poreops.cores.gate import load_core_model
    from poreops.cores.scoring import score
    from poreops.network import build_network, load_network
    from poreops.regions.partition import load_regions, partition
    from poreops.rocks.properties import load_rock_model
    from poreops.slices.segment import SegmentConfig, segment
    from poreops.transport.bulk import formation_factor
    from poreops.transport.flow_domain import PERIODIC, REFLECTED, SEALED
    from poreops.transport.image_check import check
    from poreops.transport.size_factor import diffusive_size_factors
    from poreops.transport.stokes import hydraulic_size_factors, permeability, permeability_tensor
    from poreops.volumes.read import read_image

    __version__: str

__all__ = [
    "PERIODIC",
    "REFLECTED",
    "SEALED",
    "InputError",
    "NotConvergedError",
    "SegmentConfig",
    "__version__",
    "build_network",
    "check",
    "diffusive_size_factors",
    "export_for_porespy",
    "formation_factor",
    "generate",
    "hydraulic_size_factors",
    "load_core_model",
    "load_model",
    "load_network",
    "load_regions",
    "load_rock_model",
    "partition",
    "permeability",
    "permeability_tensor",
    "read_image",
    "score",
    "segment",
]

_MODULE_OF = {
    "PERIODIC": "poreops.transport.flow_domain",
    "REFLECTED": "poreops.transport.flow_domain",
    "SEALED": "poreops.transport.flow_domain",
    "SegmentConfig": "poreops.slices.segment",
    "build_network": "poreops.network",
    "check": "poreops.transport.image_check",
    "diffusive_size_factors": "poreops.transport.size_factor",
    "export_for_porespy": "poreops.conductance",
    "formation_factor": "poreops.transport.bulk",
    "generate": "poreops.cores.drawing",
    "hydraulic_size_factors": "poreops.transport.stokes",
    "load_core_model": "poreops.cores.gate",
    "load_model": "poreops.conductance",
    "load_network": "poreops.network",
    "load_regions": "poreops.regions.partition",
    "load_rock_model": "poreops.rocks.properties",
    "partition": "poreops.regions.partition",
    "permeability": "poreops.transport.stokes",
    "permeability_tensor": "poreops.transport.stokes",
    "read_image": "poreops.volumes.read",
    "score": "poreops.cores.scoring",
    "segment": "poreops.slices.segment",
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
