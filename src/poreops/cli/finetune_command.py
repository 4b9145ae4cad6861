"""The command `poreops finetune`.

Only Typer is imported here; the command loads what it needs.
"""

from typing import Annotated

import typer

from poreops.cli import options as o
from poreops.cli.answer import deliver


def finetune(
    image: o.Image,
    model: Annotated[
        str,
        typer.Option(
            "--model",
            help="Of the member physics, e.g. models:/conductance@champion or shipped:flow.",
            show_default=False,
        ),
    ],
    out: o.Out,
    labels: Annotated[
        float,
        typer.Option("--labels", help="Share of the conduits that are simulated to learn from."),
    ] = 0.2,
    pick: Annotated[
        str,
        typer.Option(
            "--pick",
            help="Which of them: influence (widest interval times influence on the network) or "
            "random.",
        ),
    ] = "influence",
    register: Annotated[
        bool,
        typer.Option(
            "--register/--no-register", help="Enter a model that beats its parent as challenger."
        ),
    ] = True,
    seed: Annotated[int, typer.Option("--seed", help="Of what is drawn.", min=0)] = 1,
    voxel_size: o.VoxelSize = None,
    any_voxel_size: o.AnyVoxelSize = False,
    r_max: o.PeakRadius = 4,
    sigma: o.Sigma = 0.4,
    pore_label: o.PoreLabel = None,
    dataset: o.Dataset = None,
    shape: o.Shape = None,
    dtype: o.Dtype = None,
    offset: o.Offset = 0,
    workers: o.Workers = None,
    overwrite: o.Overwrite = False,
    as_json: o.Json = False,
) -> None:
    """Fine-tune a model to a rock by simulating some of its conduits; judge on others of it."""
    from poreops.cli import finetune_job

    source = o.source(image, dataset, shape, dtype, offset, pore_label, voxel_size, any_voxel_size)
    asked = finetune_job.Asked(model, labels, pick, seed, register, r_max, sigma, workers)
    deliver(
        lambda _: finetune_job.finetune(source, asked), finetune_job.finetune_text,
        as_json=as_json, out=out, overwrite=overwrite,
    )  # fmt: skip
