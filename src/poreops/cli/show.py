"""Results of the commands for a terminal."""

import math
from collections.abc import Sequence

from poreops.base.content import Json

Results = dict[str, Json]

_MASKS = (
    "mask_0000.tif, ...: 255 pore, 0 solid; each is a section of its own, so that poreops "
    "permeability mask_0000.tif is flow in its plane (2D); a stack of them is no volume"
)
# title, key in the results of an axis, format
_COLUMNS = (
    ("formation factor", "formation_factor", ".4f"),
    ("at least", "lower", ".4f"),
    ("at most", "upper", ".4f"),
    ("tortuosity", "tortuosity", ".4f"),
    ("D_eff/D0", "effective_diffusivity", ".6f"),
    ("permeability [m2]", "permeability_m2", ".4e"),
    ("at least [m2]", "lower_m2", ".4e"),
    ("at most [m2]", "upper_m2", ".4e"),
    ("permeability [mD]", "permeability_md", ".6g"),
    ("extrapolated [mD]", "extrapolated_md", ".6g"),
    ("discretisation error", "discretisation_error", ".1%"),
    ("throats [voxel]", "throat_width_voxels", ".1f"),
)


def check_text(results: Results) -> str:
    """Return the results of `check` for a terminal.

    Parameters
    ----------
    results : of `check`
    """
    return "\n".join([*_image_lines(results), *_check_lines(results)])


def network_text(results: Results) -> str:
    """Return the results of `network` for a terminal.

    Parameters
    ----------
    results : of `network`
    """
    built = results["network"]
    lines = [
        *_image_lines(results),
        *_check_lines(results),
        "",
        f"regions   {results['regions']}, {results['throats']} throats, by {results['method']}"
        + (f" ({results['model']})" if results["model"] else ""),
        *([f"walls     {results['walls']}"] if results["walls"] else []),
        (
            f"network   {built['pores']} pores, {built['boundary_pores']} boundary pores, "
            f"{built['throats']} throats"
        ),
        *_sureness_lines(results),
        "",
        *axis_lines(results),
        *_warning_lines(results),
    ]
    return "\n".join(lines)


def interface_text(results: Results) -> str:
    """Return the results of `network --method interface` for a terminal.

    Parameters
    ----------
    results : of `network --method interface`
    """
    built = results["network"]
    lines = [
        *_image_lines(results),
        *_check_lines(results),
        "",
        f"regions   {results['regions']}, {results['throats']} throats, by interface",
        (
            f"network   {built['blocks']} blocks, {built['patches']} patches, "
            f"{built['modes']} modes, bracket of {results['rtol']:.2%} asked for"
        ),
        "",
        *axis_lines(results),
        *_warning_lines(results),
    ]
    return "\n".join(lines)


def size_factors_text(results: Results) -> str:
    """Return the results of `size_factors` for a terminal.

    Parameters
    ----------
    results : of `size-factors`
    """
    key = next(key for key in results if key.startswith("size_factor_"))
    spread = {name: _number(value) for name, value in results[key].items()}
    lines = [
        *_image_lines(results),
        *_check_lines(results),
        "",
        f"regions   {results['regions']}, {results['throats']} throats, by {results['method']}",
        (
            f"size factor [{key.removeprefix('size_factor_')}]   min {spread['min']:.4g}   "
            f"median {spread['median']:.4g}   mean {spread['mean']:.4g}   max {spread['max']:.4g}"
        ),
        *_sureness_lines(results),
        *_warning_lines(results),
    ]
    return "\n".join(lines)


def _sureness_lines(results: Results) -> list[str]:
    """Say how much was predicted, how sure that is, and what it makes of the answer."""
    found = results.get("sureness")
    if found is None:
        return []
    shares = f"{found['simulated_share']:.1%} of the conduits simulated, the others predicted"
    widths = f"to ±{found['typical_half_width']:.2g} ({found['coverage']:.0%} intervals, median)"
    lines = [f"sure      {shares} {widths}"]
    if found["unknown"]:
        lines.append(
            f"          {found['unknown']} are unlike all that the model learned from and have no "
            "interval: --method auto simulates them"
        )
    if drawn := found["drawn"]:
        said = "larger than" if drawn["alarm"] else "no larger than"
        lines.append(
            f"          {drawn['conduits']} drawn at random and simulated, {drawn['inside']:.0%} "
            f"of them in their intervals: errors {said} the model's own (martingale "
            f"{drawn['martingale']:.3g}, alarm from {drawn['alarm_from']:g})"
        )
    for name, of in results.get("axes", {}).items():
        for key, title in (
            ("formation_factor_interval", "formation factor"),
            ("permeability_interval_m2", "permeability [m2]"),
        ):
            if key in of:
                low, high = of[key]
                span = f"{title} along {name}: {low:.4g} … {high:.4g}"
                if low > 0:
                    span += f" (±{50 * math.log(high / low):.2g} %)"
                lines.append(f"          {span} with every conduit at one end of its interval")
    return lines


def formation_factor_text(results: Results) -> str:
    """Return the results of `formation_factor` for a terminal.

    Parameters
    ----------
    results : of `formation-factor`
    """
    return _bulk_text(results)


def permeability_text(results: Results) -> str:
    """Return the results of `permeability` for a terminal.

    Parameters
    ----------
    results : of `permeability`
    """
    return _bulk_text(results)


def properties_text(results: Results) -> str:
    """Return the results of `properties` for a terminal.

    Parameters
    ----------
    results : of `properties`
    """
    n, height, width = results["shape"]
    share = f"{100 * results['coverage']:g} %"
    areal = results["slices"]["areal_porosity"]
    source = results["check"]["voxel_size"]["source"]
    lines = [
        f"image     {results['image']}",
        f"          {n} of {height} x {width} pixels of {results['voxel_size_m']:g} m ({source})",
        (
            f"pore      {results['check']['pore']['rule']}; {sum(areal) / n:.4f} of the image, "
            f"{min(areal):.4f} to {max(areal):.4f} of the slices"
        ),
        *_view_lines(results["check"]["field_of_view"]),
        *(f"warning: {text}" for text in results["check"]["warnings"]),
        "",
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
            f"warning: beyond the rocks that the model learned from: {listed} of their range; the "
            "intervals are widened, and the porosity is the counted one"
        )
    return "\n".join(lines)


def _view_lines(view: Results) -> list[str]:
    """Return what was left out of the slices."""
    if view["left_out"] is None:
        return []
    seen, rest = f"{100 * view['share']:.1f} % of the pixels", view["left_out"]
    return [f"view      {seen}; {rest} is left out (--mask states another view)"]


def generate_text(results: Results) -> str:
    """Return the results of `generate` for a terminal.

    Parameters
    ----------
    results : of `generate`
    """
    drawn = (
        f"{results['count']} cores of {results['size']} x {results['size']} pixels, "
        f"seed {results['seed']}, by {results['model']}"
    )
    return f"{drawn}\n{_MASKS}" if results["masks"] else drawn


def score_text(results: Results) -> str:
    """Return the results of `score` for a terminal.

    Parameters
    ----------
    results : of `score`
    """
    s2 = results["s2"]
    real, generated = results["n"]
    titles = (
        "share real", "share generated", "length real [pixel]", "length generated [pixel]",
        "largest distance",
    )  # fmt: skip
    lines = [
        f"images    {real} real and {generated} generated, features by {results['extractor']}",
        f"FID       {results['fid']:.3f}",
        f"KID       {results['kid']['mean']:.5f} ± {results['kid']['sd']:.5f}",
        f"S2        pores of grey value ≤ {s2['pore_below']:g} after smoothing",
        "",
        "   ".join([f"{'direction':<9}", *titles]),
    ]
    for direction in ("down", "across", "radial"):
        found = s2[direction]
        cells = [f"{found[side][0]:.3f}" for side in ("real", "generated")]
        cells += [
            "none" if length is None else f"{length:.2f}" for length in found["correlation_length"]
        ]
        cells.append(f"{found['error']:.3f}")
        lines.append(_row(f"{direction:<9}", titles, cells))
    return "\n".join([*lines, *_warning_lines(results)])


def _bulk_text(results: Results) -> str:
    warnings = [
        f"{name}: warning: {message}"
        for name, axis in results["axes"].items()
        for message in axis.get("warnings", [])
    ]
    walls = [f"walls     {results['walls']}", ""] if "walls" in results else []
    lines = [*_image_lines(results), *_check_lines(results), "", *walls, *axis_lines(results)]
    return "\n".join([*lines, *warnings, *_warning_lines(results)])


def _image_lines(results: Results) -> list[str]:
    size = " x ".join(str(n) for n in results["shape"])
    voxel = results["check"]["voxel_size"]
    unit = ", voxel size unknown"
    if voxel["edge_m"] is not None:
        unit = f" of {voxel['edge_m']:g} m ({voxel['source']})"
    resampled = "" if voxel["resampling"] is None else f"; {voxel['resampling']}"
    return [f"image     {results['image']}", f"          {size} voxels{unit}{resampled}"]


def _check_lines(results: Results) -> list[str]:
    """Return the block of what to look at before the numbers are believed."""
    block = results["check"]
    pore, closed = block["pore"], block["closed"]
    labels = ", ".join(map(str, pore["labels"]))
    lines = [
        f"pore      label {labels} ({pore['rule']}); porosity {pore['share']:.4f}",
        (
            f"joined    {_shares(block['percolating_share'])} of the pores join two faces "
            f"(floating {_shares(block['floating_share'])})"
        ),
        f"closed    {closed['pores']} pores touch no face, {closed['share']:.1%} of the pores",
        f"throats   {_throats(block['throats'], results['shape'])}",
        f"octants   {_octants(block['octants'])}",
    ]
    return lines + [f"warning: {text}" for text in block["warnings"]]


def _shares(shares: Results) -> str:
    return ", ".join(f"{name} {share:.1%}" for name, share in shares.items())


def _throats(throats: Results, shape: Sequence[int]) -> str:
    if not throats["count"]:
        return f"none, {throats['skipped']}"
    part = ""
    if throats["measured_shape"] != list(shape):
        part = f", in the middle {' x '.join(map(str, throats['measured_shape']))} voxels"
    return (
        f"{throats['count']}, the smallest {throats['smallest_voxels']:.3g} voxels wide, "
        f"{throats['mean_voxels']:.1f} on average{part}"
    )


def _octants(octants: Results) -> str:
    if "skipped" in octants:
        return f"not compared, {octants['skipped']}"
    porosity = octants["porosity"]
    error = _number(octants["porosity_error"])
    found = [f"porosity {min(porosity):.3f} to {max(porosity):.3f} (± {error:.0%})"]
    for name, values in octants["formation_factor"].items():
        low, high = (pick(map(_number, values)) for pick in (min, max))
        error = _number(octants["formation_factor_error"][name])
        found.append(f"F {name} {low:.3g} to {high:.3g} (± {error:.0%})")
    return ", ".join(found)


def axis_lines(results: Results) -> list[str]:
    """Return a table with the columns that the axes have.

    Parameters
    ----------
    results : with "axes"
    """
    axes = results["axes"]
    solved = [axis for axis in axes.values() if "reason" not in axis]
    columns = [column for column in _COLUMNS if all(column[1] in axis for axis in solved)]
    titles = [title for title, _, _ in columns]
    lines = ["   ".join(["axis", *titles])]
    for name, axis in axes.items():
        cells = [f"{_number(axis.get(key)):{precision}}" for _, key, precision in columns]
        remark = "not solved" if "reason" in axis else "does not percolate"
        lines.append(
            _row(f"{name:<4}", titles, cells) + ("" if axis.get("percolates") else f"   {remark}")
        )
    return lines


def _row(first: str, titles: Sequence[str], cells: Sequence[str]) -> str:
    wide = [f"{cell:>{len(title)}}" for title, cell in zip(titles, cells, strict=True)]
    return "   ".join([first, *wide])


def _warning_lines(results: Results) -> list[str]:
    return [f"warning: {text}" for text in results["warnings"]]


def _number(value: float | str | None) -> float:
    """Return a number as JSON holds it: NaN is null, infinity a string."""
    return float("nan") if value is None else float(value)
