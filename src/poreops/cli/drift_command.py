"""The command `poreops drift`; only Typer is imported here."""

from typing import Annotated

import typer

from poreops.cli import options as o
from poreops.cli.answer import Answer, deliver


def drift(
    image: o.Image,
    model: Annotated[
        str,
        typer.Option(
            "--model",
            help="Of conduits (models:/conductance@champion), for segmented images, or of rock "
            "properties (models:/rock-properties@champion), for grey slices.",
            show_default=False,
        ),
    ],
    voxel_size: o.VoxelSize = None,
    any_voxel_size: o.AnyVoxelSize = False,
    r_max: o.PeakRadius = 4,
    sigma: o.Sigma = 0.4,
    threshold: o.Threshold = None,
    pores: o.Pores = None,
    pore_label: o.PoreLabel = None,
    mask: o.Mask = None,
    dataset: o.Dataset = None,
    shape: o.Shape = None,
    dtype: o.Dtype = None,
    offset: o.Offset = 0,
    as_json: o.Json = False,
) -> None:
    """Say whether a rock is inside, near or outside of what a model learned from."""
    from poreops.cli import drift_job, jobs, rock_jobs
    from poreops.images.labels import parse_labels
    from poreops.images.spacing import parse_voxel_size

    def look() -> Answer:
        if drift_job.kind_of(model) == "conduits":
            source = o.source(
                image, dataset, shape, dtype, offset, pore_label, voxel_size, any_voxel_size
            )
            given = jobs.Conductances("model", model, r_max=r_max, sigma=sigma)
            return drift_job.drift_of_image(source, given)
        phase = rock_jobs.Phase(threshold, pores, parse_labels(pore_label), mask)
        edges = parse_voxel_size(voxel_size)
        found = rock_jobs.properties(image, edges, any_voxel_size, model, phase)
        return drift_job.drift_of_slices(found)

    deliver(lambda _: look(), drift_job.drift_text, as_json=as_json)
