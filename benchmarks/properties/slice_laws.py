"""Laws of permeability from slices that were tried beside the one that is served.

    python benchmarks/properties/slice_laws.py
    python benchmarks/properties/slice_laws.py --real pores.npz

Run it where `make repro` ran; it takes some minutes. Each law is fitted on the part to learn from
and judged there on kinds left out: that column may choose. The gate and report parts and real
rocks, left out too, choose nothing; the last lines say what comes of it if for each real rock the
other rocks and the kinds of the part to learn from choose the law. Real rocks need the pores of
the slices of the package's table, which holds no image: an npz of plug → (n, h, w) bool, named and
ordered as in `real_slices.csv`.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from poreops.base.files import read_table
from poreops.base.hdf5 import open_hdf5
from poreops.properties.learning.laws import fit_law, group_means, law_corrections
from poreops.properties.learning.real_rocks import real_rocks
from poreops.properties.rocks import spaced
from poreops.properties.slices.crossing import crossed_share

Floats = NDArray[np.float64]
Pores = Mapping[str, Mapping[int, NDArray[np.bool_]]]
SHARE, THRESHOLD = 0.1, 0.03
LEVELS = np.array([-4.0, -3.0, -2.2, -1.6, -1.1, -0.7, -0.35, 0.0, 0.35, 0.7, 1.1, 1.6])
"""Of the signed distance to the wall, in hydraulic lengths; below 0 lies solid."""
SLICES = 3
"""Of a plug, for what takes long to measure; a law sees the mean over a plug."""


def chord_spread(pore: NDArray[np.bool_]) -> float:
    """Return log of the mean chord weighted by length over the mean chord, along both axes."""
    chords = []
    for lines in (pore, pore.T):
        ends = np.diff(np.pad(lines, ((0, 0), (1, 1))).astype(np.int8), axis=1)
        chords.append(np.nonzero(ends == -1)[1] - np.nonzero(ends == 1)[1])
    length = np.concatenate(chords).astype(np.float64)
    return float(np.log((length**2).mean() / length.mean() ** 2))


def exceeded_radius(pore: NDArray[np.bool_]) -> float:
    """Return the distance to the wall that a tenth of the slice exceeds [pixel]."""
    import edt

    distance = edt.edt(np.ascontiguousarray(pore)) - 0.5 * pore
    return max(float(np.quantile(distance, 1 - SHARE)), 0.5)


def wall_distance(pore: NDArray[np.bool_]) -> Floats:
    """Return the distance to the wall [pixel], negative in the solid."""
    import edt

    inner, outer = (edt.edt(np.ascontiguousarray(of)) - 0.5 * of for of in (pore, ~pore))
    return np.asarray(inner - outer, np.float64)


def crossing_level(pore: NDArray[np.bool_], length: float) -> float:
    """Return at which distance to the wall, in hydraulic lengths, half of the windows are crossed.

    Above 0 pores cross by necks so much wider than a line, below 0 they would if all of them were
    so much wider: what `crossing` tells, also where that is 0 or 1.
    """
    distance, whole = wall_distance(pore) / length, np.ones(pore.shape, bool)
    shares = np.array([crossed_share(distance > level, whole, length) for level in LEVELS])
    return float(np.interp(-0.5, -np.minimum.accumulate(shares), LEVELS))


def correlation_length(pore: NDArray[np.bool_]) -> float:
    """Return the integral of the normalised two-point covariance to its first zero [pixel]."""
    h, w = pore.shape
    padded = (2 * h, 2 * w)
    spectra = (np.fft.rfft2(of, padded) for of in (pore - pore.mean(), np.ones(pore.shape)))
    found, pairs = (np.fft.irfft2(np.abs(of) ** 2, padded) for of in spectra)
    n = min(h, w) // 2
    covariance = found[:n, 0] / pairs[:n, 0] + found[0, :n] / pairs[0, :n]
    covariance = covariance / covariance[0]
    end = int(np.argmax(covariance <= 0)) or len(covariance)
    return float(np.trapezoid(covariance[:end]))


def opening_contrast(pore: NDArray[np.bool_]) -> float:
    """Return log of the radius of openings that a sixth of the pores exceeds over that of five."""
    import edt

    depth = edt.edt(np.ascontiguousarray(pore))
    radii = np.linspace(0.5, max(float(depth.max()), 1.0), 14)
    kept = [(edt.edt(np.ascontiguousarray(depth <= r)) < r).sum() for r in radii]
    shares = np.minimum.accumulate(np.array(kept, np.float64)) / pore.sum()
    wide, narrow = (np.interp(-share, -shares, radii) for share in (1 / 6, 5 / 6))
    return float(np.log(wide / narrow))


def measured(table: pd.DataFrame, pores: Pores) -> pd.DataFrame:
    """Return what takes long to measure, the mean over some slices of each plug."""
    found = {}
    for rock, of in table.groupby("rock"):
        rows = []
        for _, row in of.iloc[spaced(len(of), SLICES)].iterrows():
            image = pores[str(rock)][row["slice"]]
            ell = row["areal_porosity"] / row["specific_perimeter"] / row["voxel_size"]
            rows.append(
                {
                    "level": crossing_level(image, ell),
                    "correlation": np.log(correlation_length(image) / ell),
                    "contrast": opening_contrast(image),
                    "gap": np.log(-wall_distance(image)[~image].mean() / ell),
                }
            )
        found[rock] = pd.DataFrame(rows).mean()
    return pd.DataFrame(found).T


def described(table: pd.DataFrame, pores: Pores) -> pd.DataFrame:
    """Return the slices with what the laws ask for; lengths in voxels, as logarithms."""
    seen = [pores[str(rock)][k] for rock, k in zip(table["rock"], table["slice"], strict=True)]
    found = table.assign(
        spread=[chord_spread(image) for image in seen],
        radius=[np.log(exceeded_radius(image)) for image in seen],
    ).join(measured(table, pores), on="rock")
    voxel, phi = found["voxel_size"], found["areal_porosity"]
    return found.assign(
        log_k=np.log(found["permeability"] / voxel**2), log_phi=np.log(phi),
        length=np.log(phi / found["specific_perimeter"] / voxel),
        open=np.log(np.maximum(phi - THRESHOLD, 0.005)),
    )  # fmt: skip


LAWS = {
    "φ ℓ²": (lambda t: t.log_phi + 2 * t.length, []),
    "φ ℓ² and crossing (served)": (lambda t: t.log_phi + 2 * t.length, ["crossing"]),
    "φ ℓ² and a power of φ": (lambda t: t.log_phi + 2 * t.length, ["log_phi"]),
    "φ ℓ² and the spread of chords": (lambda t: t.log_phi + 2 * t.length, ["spread"]),
    "both": (lambda t: t.log_phi + 2 * t.length, ["crossing", "spread"]),
    "φ ℓ² and the level of crossing": (lambda t: t.log_phi + 2 * t.length, ["level"]),
    "φ ℓ² and the correlation length": (lambda t: t.log_phi + 2 * t.length, ["correlation"]),
    "φ ℓ² and the contrast of openings": (lambda t: t.log_phi + 2 * t.length, ["contrast"]),
    "φ ℓ² and the gap between pores": (lambda t: t.log_phi + 2 * t.length, ["gap"]),
    "level of crossing and correlation": (
        lambda t: t.log_phi + 2 * t.length,
        ["level", "correlation"],
    ),
    "level of crossing and contrast": (
        lambda t: t.log_phi + 2 * t.length,
        ["level", "contrast"],
    ),
    "radius that a tenth exceeds": (lambda t: 2 * t.radius, []),
    "(φ - 0.03)³ ℓ² / φ²": (lambda t: 3 * t.open - 2 * t.log_phi + 2 * t.length, []),
}
"""Name → law without its constant, and what the constant depends on."""


def named(table: pd.DataFrame, stacks: Mapping[str, NDArray[np.bool_]]) -> Pores:
    """Return the slices of each plug by their number."""
    return {
        str(rock): dict(zip(rows["slice"], stacks[str(rock)], strict=True))
        for rock, rows in table.groupby("rock")
    }


def inputs(law: str, table: pd.DataFrame) -> Floats:
    """Return what the constant of a law depends on, (n, d); a column of zeros for nothing."""
    names = LAWS[law][1]
    return np.asarray(table[names] if names else np.zeros((len(table), 1)), np.float64)


def fitted(law: str, table: pd.DataFrame) -> Floats:
    """Return the law as fitted on slices; see `fit_law`."""
    y = np.stack([np.zeros(len(table)), table["log_k"] - LAWS[law][0](table)], axis=1)
    rocks, kinds = (table[name].to_numpy() for name in ("rock", "kind"))
    return fit_law(y, rocks, inputs(law, table), kinds)


def errors(law: str, known: pd.DataFrame, asked: pd.DataFrame) -> pd.Series:
    """Return the error of log k of each plug, by the law of what is known without its kind."""
    base, found = LAWS[law][0], {}
    for kind, own in asked.groupby("kind"):
        without = fitted(law, known[known["kind"] != kind])
        error = law_corrections(without, inputs(law, own))[:, 1] + base(own) - own["log_k"]
        means = group_means(error.to_numpy(), own["rock"].to_numpy())
        found |= {(kind, k): mean for k, mean in enumerate(means)}
    return pd.Series(found)


def chosen_for(kind: str, known: pd.DataFrame) -> str:
    """Return the law that errs least on all kinds but one, each left out and one vote."""
    rest = known[known["kind"] != kind]
    votes = {name: errors(name, rest, rest).abs().groupby(level=0).mean().mean() for name in LAWS}
    return min(votes, key=lambda name: votes[name])


def main() -> None:
    """Print the error of log k in decades where it may choose and where it may not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--real", type=Path, help="npz of the pores of the real rocks' slices")
    args = parser.parse_args()
    artifacts = Path("artifacts/properties")
    whole = read_table(artifacts / "features/slices.parquet")
    with open_hdf5(artifacts / "segmented/slices.h5") as file:
        pores = named(whole, {name: file[name][()] > 0 for name in file})
    learned, gate, report = (
        described(read_table(artifacts / f"parts/{part}.parquet"), pores)
        for part in ("learn", "gate", "report")
    )
    others = pd.concat([gate, report[~report["sibling"]]], ignore_index=True)
    known, real = learned, None
    if args.real:
        table = real_rocks().table
        real = described(table, named(table, np.load(args.real)))
        known = pd.concat([learned, real], ignore_index=True)
    print("error of log k in decades, kind left out: part to learn from; gate and report")
    for name in LAWS:
        line = [errors(name, learned, learned), errors(name, known, others)]
        shown = "  ".join(f"{of.abs().mean() / np.log(10):.3f}" for of in line)
        if real is not None:
            rocks = errors(name, known, real).groupby(level=0)
            middle = rocks.agg(lambda e: np.median(np.abs(np.expm1(e)))).median()
            within = int((rocks.mean().abs() <= np.log(2)).sum())
            shown += f"  real: median {middle:.0%}, {within} of {len(rocks)} within a factor of 2"
        print(f"{shown}  {name}", flush=True)
        if real is not None:
            factors = np.exp(rocks.mean())
            slopes = ", ".join(f"{slope:.2f}" for slope in fitted(name, known)[1, 1:])
            of_rocks = ", ".join(f"{rock} {by:.2f}" for rock, by in factors.items())
            print(f"    slopes {slopes}; {of_rocks}", flush=True)
    if real is not None:
        print("each real rock by the law that all others choose")
        found = {}
        for kind, own in real.groupby("kind"):
            law = chosen_for(str(kind), known)
            found[kind] = errors(law, known, own)
            print(f"    {kind} {np.exp(found[kind].mean()):.2f}  {law}", flush=True)
        middle = np.median([np.median(np.abs(np.expm1(of))) for of in found.values()])
        within = sum(abs(of.mean()) <= np.log(2) for of in found.values())
        print(f"    median {middle:.0%}, {within} of {len(found)} within a factor of 2")


if __name__ == "__main__":
    main()
