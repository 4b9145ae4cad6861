"""Results of the commands for a terminal."""

from typing import Any

Results = dict[str, Any]

# title, key in the results of an axis, format
_COLUMNS = (
    ("formation factor", "formation_factor", ".4f"),
    ("tortuosity", "tortuosity", ".4f"),
    ("D_eff/D0", "effective_diffusivity", ".6f"),
    ("permeability [m2]", "permeability_m2", ".4e"),
    ("permeability [mD]", "permeability_md", ".6g"),
    ("extrapolated [mD]", "extrapolated_md", ".6g"),
    ("discretisation error", "discretisation_error", ".1%"),
    ("throats [voxel]", "throat_width_voxels", ".1f"),
)


def network_text(results: Results) -> str:
    """Return the results of `network` for a terminal."""
    built = results["network"]
    lines = [
        *_image_lines(results),
        f"regions   {results['regions']}, {results['throats']} throats, by {results['method']}"
        + (f" ({results['model']})" if results["model"] else ""),
        *([f"walls     {results['walls']}"] if results["walls"] else []),
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


def permeability_text(results: Results) -> str:
    """Return the results of `permeability` for a terminal."""
    warnings = [
        f"{name}: warning: {message}"
        for name, axis in results["axes"].items()
        for message in axis["warnings"]
    ]
    lines = [*_image_lines(results), f"walls     {results['walls']}", "", *_axis_lines(results)]
    return "\n".join([*lines, *warnings])


def properties_text(results: Results) -> str:
    """Return the results of `properties` for a terminal."""
    n, height, width = results["shape"]
    share = f"{100 * results['coverage']:g} %"
    lines = [
        f"image     {results['image']}",
        f"          {n} of {height} x {width} pixels of {results['voxel_size_m']:g} m",
        f"model     {results['model']} ({results['stack']})",
        "",
        f"{'property':<20}   {'value':>10}   {share + ' interval':>23}",
    ]
    for title, key in (("porosity", "porosity"), ("permeability [mD]", "permeability_md")):
        found = results[key]
        span = f"{found['low']:>10.4g} … {found['high']:>10.4g}"
        lines.append(f"{title:<20}   {found['value']:>10.4g}   {span}")
    if results["outside"]:
        listed = ", ".join(f"{name} by {by:.0%}" for name, by in results["outside"].items())
        lines.append(
            f"warning: beyond the rocks that the model learned from: {listed} of their range"
        )
    return "\n".join(lines)


def generate_text(results: Results) -> str:
    """Return the results of `generate` for a terminal."""
    return (
        f"{results['count']} cores of {results['size']} x {results['size']} pixels, "
        f"seed {results['seed']}, by {results['model']}"
    )


def score_text(results: Results) -> str:
    """Return the results of `score` for a terminal."""
    s2 = results["s2"]
    lines = [
        f"images    {results['n'][0]} and {results['n'][1]}, {results['extractor']}",
        f"FID       {results['fid']:.3f}",
        f"KID       {results['kid']['mean']:.5f} ± {results['kid']['sd']:.5f}",
        f"S2        pores of grey value ≤ {s2['pore_below']:g} after smoothing",
        "",
        "direction   share   share   length [pixel]   length [pixel]   largest distance [sd]",
    ]
    for direction in ("x", "y", "radial"):
        found = s2[direction]
        shares = "".join(f"   {found[side][0]:.3f}" for side in ("real", "generated"))
        lengths = "".join(
            f"   {'none' if length is None else format(length, '.2f'):>14}"
            for length in found["correlation_length"]
        )
        lines.append(f"{direction:<9}{shares}{lengths}   {found['error_sd']:>21.2f}")
    return "\n".join([*lines, *(f"warning: {text}" for text in results["warnings"])])


def _image_lines(results: Results) -> list[str]:
    size = " x ".join(str(n) for n in results["shape"])
    unit = "" if results["voxel_size_m"] is None else f" of {results['voxel_size_m']:g} m"
    return [
        f"image     {results['image']}",
        f"          {size} voxels{unit}, porosity {results['porosity']:.4f}",
    ]


def _axis_lines(results: Results) -> list[str]:
    """Return a table with the columns that the axes have."""
    axes = results["axes"]
    columns = [column for column in _COLUMNS if all(column[1] in axis for axis in axes.values())]
    lines = ["   ".join(["axis", *(title for title, _, _ in columns)])]
    for name, axis in axes.items():
        values = (
            f"{float(axis[key]):>{len(title)}{precision}}" for title, key, precision in columns
        )
        lines.append(
            "   ".join([f"{name:<4}", *values])
            + ("" if axis["percolates"] else "   does not percolate")
        )
    return lines
