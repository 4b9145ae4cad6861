"""Results of the commands for a terminal."""

from typing import Any

Results = dict[str, Any]


def network_text(results: Results) -> str:
    """Return the results of `network` for a terminal."""
    built = results["network"]
    lines = [
        *_image_lines(results),
        f"regions   {results['regions']}, {results['throats']} throats, by {results['method']}"
        + (f" ({results['model']})" if results["model"] else ""),
        (
            f"network   {built['pores']} pores, {built['boundary_pores']} boundary pores, "
            f"{built['throats']} throats"
        ),
        "",
        *_axis_lines(results),
    ]
    return "\n".join(lines)


def size_factors_text(results: Results) -> str:
    """Return the results of `size_factors` for a terminal."""
    spread = results["size_factor_m"]
    lines = [
        *_image_lines(results),
        f"regions   {results['regions']}, {results['throats']} throats, by {results['method']}",
        (
            f"size factor [m]   min {spread['min']:.4g}   median {spread['median']:.4g}   "
            f"mean {spread['mean']:.4g}   max {spread['max']:.4g}"
        ),
    ]
    return "\n".join(lines)


def formation_factor_text(results: Results) -> str:
    """Return the results of `formation_factor` for a terminal."""
    return "\n".join([*_image_lines(results), "", *_axis_lines(results)])


def _image_lines(results: Results) -> list[str]:
    size = " x ".join(str(n) for n in results["shape"])
    unit = "" if results["voxel_size_m"] is None else f" of {results['voxel_size_m']:g} m"
    return [
        f"image     {results['image']}",
        f"          {size} voxels{unit}, porosity {results['porosity']:.4f}",
    ]


def _axis_lines(results: Results) -> list[str]:
    lines = ["axis   formation factor   tortuosity   D_eff/D0"]
    for name, axis in results["axes"].items():
        lines.append(
            f"{name:<4}   {float(axis['formation_factor']):>16.4f}   "
            f"{float(axis['tortuosity']):>10.4f}   {axis['effective_diffusivity']:>8.6f}"
            + ("" if axis["percolates"] else "   does not percolate")
        )
    return lines
