"""What `poreops partition --score` does: pores and throats, and where a network of them errs."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from poreops.cli.answer import Answer, Results
from poreops.cli.checking import check_block
from poreops.cli.progress import Clock
from poreops.cli.show import check_text
from poreops.cli.source import ImageSource, about, required_edge

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from poreops.networks.interface.network import InterfaceNetwork

_REGION_FILES = ("regions.h5", "regions.png", "regions.vti")
_SCORE_FILES = ("gap.png", "gap.vtp", "throats.csv")
_WORST = 5  # throats in the terminal


def partition(
    source: ImageSource,
    r_max: int,
    sigma: float,
    workers: int | None,
    *,
    scored: bool,
    sized: bool,
) -> Answer:
    """Partition an image, and score the partition.

    Parameters
    ----------
    source : of the segmented image
    r_max, sigma : of `poreops.partition`
    workers : threads; None for all cores
    scored : build the interface network with linear modes
    sized : whether the voxel size must be known
    """
    from poreops.conduits.partition import partition as partitioned
    from poreops.networks.interface.network import BYTES_PER_VOXEL, scored_partition
    from poreops.networks.network import BYTES_PER_VOXEL as PARTITION_BYTES

    clock = Clock()
    most = max(BYTES_PER_VOXEL, PARTITION_BYTES) if scored else PARTITION_BYTES
    source.fitting_header(most, "a partition", sized=sized)
    with clock.stage("read"):
        volume = source.read()
    edge = required_edge(volume.reading) if sized else volume.reading.edge or 1.0
    with clock.stage("partition"):
        regions = partitioned(volume.image, r_max=r_max, sigma=sigma)
    with clock.stage("check"):
        block = check_block(
            volume.image, volume.reading, chosen=source.chosen, regions=regions, octants=False,
            workers=workers,
        )  # fmt: skip
    network = None
    if scored:
        with clock.stage("score"):
            score, network = scored_partition(regions, edge, workers=workers)
    sizes = np.bincount(regions.labels.ravel(), minlength=regions.count + 1)[1:]
    results = {
        **about("partition", source, volume, block),
        "r_max": r_max,
        "sigma": sigma,
        "regions": regions.count,
        "throats": len(regions.conns),
        "voxels_of_a_region": {"median": float(np.median(sizes)), "max": int(sizes.max())},
        **({} if network is None else {"score": score, "gap": _gap(network)}),
        "warnings": [],
        "seconds": clock.seconds,
    }

    def write(folder: Path) -> None:
        from poreops.networks.figures import draw_regions
        from poreops.networks.vtk import write_labels_vti

        regions.save(folder / "regions.h5")
        write_labels_vti(folder / "regions.vti", regions.labels, edge)
        draw_regions(folder / "regions.png", regions.labels, edge)
        if network is not None:
            write_gap(folder, network)

    return Answer(results, (*_REGION_FILES, *(_SCORE_FILES if scored else ())), write)


def write_gap(folder: Path, network: "InterfaceNetwork") -> None:
    """Write the table, the picture and the ParaView file of the gap of each throat.

    Parameters
    ----------
    folder : that is there
    network : solved
    """
    from poreops.base.show.pictures import save
    from poreops.networks.interface.files import write_interface_csv, write_interface_vtp

    write_interface_csv(folder / "throats.csv", network)
    write_interface_vtp(folder / "gap.vtp", network)
    save(cast("Figure", network.plot().figure), folder / "gap.png")


def _gap(network: "InterfaceNetwork") -> Results:
    """Return the width of the bracket of each axis, and how it is spread over the throats."""
    gap = network.gap
    order = np.argsort(-gap.max(axis=1, initial=0.0), kind="stable")[:_WORST]
    conns = network.regions.conns
    axes = {}
    for axis, along in enumerate(network.along):
        ranked = np.sort(gap[:, axis])[::-1]
        total = float(ranked.sum() + network.gap_inside[axis])
        twentieth = -(-len(ranked) // 20)
        share = float(ranked[:twentieth].sum() / total) if total > 0 else 0.0
        axes[along.axis] = {
            "percolates": along.percolates,
            "width": float(along.width),
            "share_of_the_worst_twentieth": share,
            "share_inside_large_pores": (
                float(network.gap_inside[axis] / total) if total > 0 else 0.0
            ),
        }
    worst = [
        {
            "throat": int(throat),
            "regions": [int(region) + 1 for region in conns[throat]],
            "voxel_faces": int(network.faces[throat]),
            "gap": [float(value) for value in gap[throat]],
        }
        for throat in order
    ]
    return {"axes": axes, "worst_throats": worst}


def partition_text(results: Results) -> str:
    """Return the results for a terminal.

    Parameters
    ----------
    results : of `partition`
    """
    sizes = results["voxels_of_a_region"]
    lines = [
        check_text(results),
        "",
        (
            f"regions   {results['regions']}, {results['throats']} throats; "
            f"{sizes['median']:.0f} voxels in the median, {sizes['max']} at most"
        ),
    ]
    if "score" in results:
        lines += ["", f"score     {results['score']:.4%}   less is better"]
        lines.append("axis   bracket   in the worst 5 % of throats   in cuts of large pores")
        for name, of in results["gap"]["axes"].items():
            if not of["percolates"]:
                lines.append(f"{name:<4}   does not percolate")
                continue
            lines.append(
                f"{name:<4}   {of['width']:>7.2%}   {of['share_of_the_worst_twentieth']:>27.0%}"
                f"   {of['share_inside_large_pores']:>22.0%}"
            )
        for each in results["gap"]["worst_throats"]:
            one, other = each["regions"]
            lines.append(
                f"throat {each['throat']} of regions {one} and {other}, {each['voxel_faces']} "
                f"faces: {max(each['gap']):.3%} of the formation factor"
            )
    return "\n".join([*lines, *(f"warning: {text}" for text in results["warnings"])])
