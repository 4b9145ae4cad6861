"""The command `poreops plugs`; only Typer is imported here."""

from pathlib import Path
from typing import Annotated

import typer

from poreops.cli import options as o
from poreops.cli.answer import deliver


def plugs(
    images: Annotated[
        list[str], typer.Argument(help="Segmented volumes of one rock.", show_default=False)
    ],
    table: Annotated[
        Path,
        typer.Option("--table", help="CSV that the plugs are added to.", show_default=False),
    ],
    rock: Annotated[
        str | None,
        typer.Option("--rock", help="What is left out together.  [default: the file's name]"),
    ] = None,
    edge: Annotated[int, typer.Option("--edge", help="Of a plug, in voxels.", min=32)] = 128,
    count: Annotated[int, typer.Option("--count", help="Most plugs of a volume.", min=1)] = 8,
    pore_label: o.PoreLabel = None,
    workers: o.Workers = None,
    as_json: o.Json = False,
) -> None:
    """Cut volumes into plugs and simulate flow and diffusion in each; goes on where it stopped."""
    from poreops.cli import plugs_job

    deliver(
        lambda _: plugs_job.plugs(images, table, rock, edge, count, pore_label, workers),
        plugs_job.plugs_text, as_json=as_json,
    )  # fmt: skip
