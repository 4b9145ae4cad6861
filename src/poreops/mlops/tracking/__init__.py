"""Runs, the model registry and model artifacts: the only package that imports MLflow.

Nothing is global: a run is a handle that names itself in every call, so that runs of parallel
trials do not mix. MLflow takes seconds to import, so the first call imports it.
"""

from poreops.mlops.tracking.champion import promote
from poreops.mlops.tracking.embedded import repository, tracking_uri
from poreops.mlops.tracking.joined import joined_run
from poreops.mlops.tracking.lineage import lineage
from poreops.mlops.tracking.package import package_digest
from poreops.mlops.tracking.pyfunc import Tensor, load_pyfunc, save_pyfunc, signature
from poreops.mlops.tracking.registered import REGISTERED, forgotten
from poreops.mlops.tracking.runs import Run, run
from poreops.mlops.tracking.versions import (
    CHALLENGER,
    CHAMPION,
    GATE,
    ModelVersion,
    champion_info,
    checked_folder,
    download,
    drop_alias,
    find_version,
    note,
    register,
    set_alias,
)

__all__ = [
    "CHALLENGER",
    "CHAMPION",
    "GATE",
    "REGISTERED",
    "ModelVersion",
    "Run",
    "Tensor",
    "champion_info",
    "checked_folder",
    "download",
    "drop_alias",
    "find_version",
    "forgotten",
    "joined_run",
    "lineage",
    "load_pyfunc",
    "note",
    "package_digest",
    "promote",
    "register",
    "repository",
    "run",
    "save_pyfunc",
    "set_alias",
    "signature",
    "tracking_uri",
]
