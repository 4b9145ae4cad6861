"""Experiment platform for pore-scale models: segmented volumes in, trained models in networks out.

The public names load on first use, so that `import poreops` stays light (PEP 562).
"""

from importlib import import_module
from typing import TYPE_CHECKING

from poreops.errors import InputError, NotConvergedError

if TYPE_CHECKING:
    from poreops.conductance.porespy import export_for_porespy
    from poreops.conductance.registry import load_model
    from poreops.conduits.diffusive import diffusive_size_factors
    from poreops.conduits.hydraulic import hydraulic_size_factors
    from poreops.conduits.image_check import check
    from poreops.conduits.large.conduits import conduits_of_file
    from poreops.conduits.partition import load_regions, partition
    from poreops.cores.drawing import generate
    from poreops.cores.registry import load_core_model
    from poreops.cores.scoring import score
    from poreops.images.read import read_image
    from poreops.mlops.tracking.answers import answered
    from poreops.mlops.tracking.limits import ServingLimits
    from poreops.networks.interface.flow.network import interface_flow
    from poreops.networks.interface.large.network import interface_network_of_file
    from poreops.networks.interface.network import interface_network, partition_score
    from poreops.networks.large import network_of_file
    from poreops.networks.network import build_network, load_network
    from poreops.properties.registry import load_rock_model
    from poreops.properties.slices.segment import SegmentConfig, segment
    from poreops.properties.volumes.prediction import volume_properties
    from poreops.solvers.diffusion.bulk import formation_factor
    from poreops.solvers.stokes.flow_domain import PERIODIC, REFLECTED, SEALED
    from poreops.solvers.stokes.permeability import permeability, permeability_tensor

    __version__: str

__all__ = [
    "PERIODIC",
    "REFLECTED",
    "SEALED",
    "InputError",
    "NotConvergedError",
    "SegmentConfig",
    "ServingLimits",
    "__version__",
    "answered",
    "build_network",
    "check",
    "conduits_of_file",
    "diffusive_size_factors",
    "export_for_porespy",
    "formation_factor",
    "generate",
    "hydraulic_size_factors",
    "interface_flow",
    "interface_network",
    "interface_network_of_file",
    "load_core_model",
    "load_model",
    "load_network",
    "load_regions",
    "load_rock_model",
    "network_of_file",
    "partition",
    "partition_score",
    "permeability",
    "permeability_tensor",
    "read_image",
    "score",
    "segment",
    "volume_properties",
]

_MODULE_OF = {
    "PERIODIC": "poreops.solvers.stokes.flow_domain",
    "REFLECTED": "poreops.solvers.stokes.flow_domain",
    "SEALED": "poreops.solvers.stokes.flow_domain",
    "SegmentConfig": "poreops.properties.slices.segment",
    "ServingLimits": "poreops.mlops.tracking.limits",
    "answered": "poreops.mlops.tracking.answers",
    "build_network": "poreops.networks.network",
    "check": "poreops.conduits.image_check",
    "conduits_of_file": "poreops.conduits.large.conduits",
    "diffusive_size_factors": "poreops.conduits.diffusive",
    "export_for_porespy": "poreops.conductance.porespy",
    "formation_factor": "poreops.solvers.diffusion.bulk",
    "generate": "poreops.cores.drawing",
    "hydraulic_size_factors": "poreops.conduits.hydraulic",
    "interface_flow": "poreops.networks.interface.flow.network",
    "interface_network": "poreops.networks.interface.network",
    "interface_network_of_file": "poreops.networks.interface.large.network",
    "load_core_model": "poreops.cores.registry",
    "load_model": "poreops.conductance.registry",
    "load_network": "poreops.networks.network",
    "load_regions": "poreops.conduits.partition",
    "load_rock_model": "poreops.properties.registry",
    "network_of_file": "poreops.networks.large",
    "partition": "poreops.conduits.partition",
    "partition_score": "poreops.networks.interface.network",
    "permeability": "poreops.solvers.stokes.permeability",
    "permeability_tensor": "poreops.solvers.stokes.permeability",
    "read_image": "poreops.images.read",
    "score": "poreops.cores.scoring",
    "segment": "poreops.properties.slices.segment",
    "volume_properties": "poreops.properties.volumes.prediction",
}


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        return version("poreops")
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'poreops' has no attribute {name!r}")
    return getattr(import_module(_MODULE_OF[name]), name)


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
