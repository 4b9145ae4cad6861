"""The page itself: the lines, the network and the lineage in one file that needs no other."""

import base64
from collections.abc import Sequence
from pathlib import Path

from poreops.base.extras import needs
from poreops.base.files import write_text
from poreops.base.pages import rendered
from poreops.mlops.provenance.graph import Graph
from poreops.mlops.report.network import network_data
from poreops.mlops.report.parts import NULL, SERVED, TRUTH, Line

_TAGS = {NULL: "null", SERVED: "served", TRUTH: "truth"}
_COMMANDS = ("make env", "make repro", "poreops lineage  # ends with the hash below")
_SERVER = "http://127.0.0.1:5000"
_HERE = Path(__file__).parent


def write_page(
    path: str | Path,
    lines: Sequence[Line],
    graph: Graph,
    network: Path,
    *,
    commit: str = "",
    dirty: bool = False,
) -> None:
    """Write the page.

    Parameters
    ----------
    path : of the page
    lines : what each line found
    graph : of dvc.lock, with what the page was made from
    network : HDF5 file of a network, as of `network_data`
    commit : that the page was made at, if known
    dirty : whether the working tree differed from it
    """
    needs("pipeline", "the page of a run")
    from poreops import __version__

    checkout = [f"git checkout {commit[:12]}"] if commit else []
    write_text(
        path,
        rendered(
            __package__,
            "index.html.j2",
            verdict=verdict(lines),
            lines=lines,
            tags=_TAGS | {"plain": ""},
            embedded=_embedded,
            network=network_data(network),
            script=(_HERE / "network.js").read_text(encoding="utf-8"),
            digest=graph.digest(graph.stages),
            stages=list(graph.stages.values()),
            commands=[*checkout, *_COMMANDS],
            commit=commit,
            dirty=dirty,
            server=_SERVER,
            version=__version__,
        ),
    )


def verdict(lines: Sequence[Line]) -> str:
    """Return the first words of the page.

    Parameters
    ----------
    lines : one for each model that was trained

    Examples
    --------
    >>> verdict([])
    'No model was trained'
    """
    passed = [line.title.lower() for line in lines if line.champion]
    if not lines:
        return "No model was trained"
    if len(passed) == len(lines):
        return f"All {len(lines)} models passed their gates"
    if not passed:
        return f"None of {len(lines)} models passed its gate"
    refused = [line.title.lower() for line in lines if not line.champion]
    return f"{len(passed)} of {len(lines)} models passed their gates; not: {', '.join(refused)}"


def _embedded(file: Path) -> str:
    """Return a picture as a URI that holds it."""
    kind = {".svg": "svg+xml"}.get(file.suffix, file.suffix.lstrip("."))
    return f"data:image/{kind};base64,{base64.b64encode(file.read_bytes()).decode('ascii')}"
