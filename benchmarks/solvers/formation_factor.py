"""Time the formation factor of whole volumes against PoreSpy and TauFactor.

    python benchmarks/solvers/formation_factor.py DATA [--sizes 64 128 200 400] [--axes 0 1 2]
        [--peers porespy taufactor] [--peer-limit 200] [--taufactor-python PYTHON]

DATA is a folder with berea_400.npz (key ``im``, True = pore), to which blobs are added, or one
image of any format that poreops reads, of which the corners of the --sizes are taken. Each solve
runs in a process of its own, whose peak memory is measured; the first solve of a process, on a
small image, compiles and is not timed. PoreSpy fixes the concentrations at voxel centres, so we
do the same beside it. It stops at the same mismatch of the fluxes as we do (--porespy-tolerance),
TauFactor at its own 1 % (--taufactor-tolerance): it needs thousands of iterations for less.
TauFactor needs torch; name the interpreter of an environment that has both.
"""

import argparse
import itertools
import json
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

PUBLISHED = {"axis 2": 23.12, "axis 1": 23.99, "axis 0": 25.22}  # Berea 400³ along x, y, z


def clocks() -> np.ndarray:
    """Seconds of the wall clock, and of all threads of this process."""
    return np.array([time.perf_counter(), time.process_time()])


def times(seconds: np.ndarray) -> dict:
    """Name a difference of two readings of the clocks."""
    return dict(zip(("seconds", "cpu_seconds"), seconds.tolist(), strict=True))


def solve_here(path: str, axis: int, ends: str, repeats: int, workers: int | None) -> dict:
    """Solve with poreops; the best time of several."""
    from poreops import formation_factor

    im = np.load(path)
    formation_factor(np.ones((24, 24, 24), bool), axis, ends=ends, workers=workers)
    seconds = []
    for _ in range(repeats):
        start = clocks()
        result = formation_factor(im, axis, ends=ends, workers=workers)
        seconds.append(clocks() - start)
    return {
        "formation_factor": result.formation_factor,
        **times(np.min(seconds, axis=0)),
        "porosity": result.porosity,
        "unknowns": round(result.porosity * im.size * (1 - result.floating_share)),
        "iterations": result.iterations,
        "mismatch": result.residual,
    }


def solve_porespy(path: str, axis: int, tolerance: float) -> dict:
    """Solve with PoreSpy at a flux mismatch of ``tolerance``."""
    warnings.simplefilter("ignore")
    import porespy

    porespy.settings.loglevel = 40
    im = np.load(path)
    porespy.simulations.tortuosity_fd(np.ones((8, 8, 8), bool), axis)
    start = clocks()
    result = porespy.simulations.tortuosity_fd(im, axis, ftol=tolerance)
    return {
        "formation_factor": float(result.formation_factor),
        **times(clocks() - start),
        "converged": result.converged,
    }


def solve_taufactor(path: str, axis: int, tolerance: float) -> dict:
    """Solve with TauFactor at a flux spread of ``tolerance``."""
    warnings.simplefilter("ignore")
    import taufactor

    im = np.moveaxis(np.load(path), axis, 0).astype(np.uint8)
    start = clocks()
    solver = taufactor.Solver(im, device="cpu")
    solver.solve(verbose=False, conv_crit=tolerance, iter_limit=100_000)
    seconds = clocks() - start
    return {
        "formation_factor": 1 / float(np.squeeze(solver.D_eff)),
        **times(seconds),
        "iterations": solver.iter,
    }


SOLVERS = {"here": solve_here, "porespy": solve_porespy, "taufactor": solve_taufactor}


def child(request: str) -> None:
    """Answer one request on standard output, with the peak memory of the process."""
    arguments = json.loads(request)
    result = SOLVERS[arguments.pop("solver")](**arguments)
    result["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(result))


def run(python: str, **arguments: object) -> dict:
    """Send a request to a process of its own."""
    done = subprocess.run(
        [python, __file__, "--child", json.dumps(arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{arguments['solver']} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def blobs(size: int, porosity: float) -> np.ndarray:
    """Gaussian random field of pores about 8 voxels wide."""
    from scipy.ndimage import gaussian_filter

    noise = gaussian_filter(np.random.default_rng(0).normal(size=(size,) * 3).astype("f4"), 3)
    return noise < np.quantile(noise[::2, ::2, ::2], porosity)


def cases(data: Path, sizes: list[int], axes: list[int]):
    """Name, image and axis of each solve."""
    if data.is_file():
        from poreops import read_image

        im = read_image(data)
        for size, axis in itertools.product(sizes, axes):
            corner = np.ascontiguousarray(im[:size, :size, :size])
            yield f"{data.stem} {size}³ axis {axis}", corner, axis
        return
    rock = np.load(data / "berea_400.npz")["im"]
    for size in sizes:
        for axis in axes if size == 400 else axes[:1]:
            yield (
                f"Berea {size}³ axis {axis}",
                np.ascontiguousarray(rock[:size, :size, :size]),
                axis,
            )
    for size in sizes:
        if size <= 300:
            yield f"blobs {size}³ axis {axes[0]}", blobs(size, 0.6), axes[0]


def row(*cells: object) -> None:
    """Print a line of the table."""
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def main() -> None:
    """Run the cases and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 128, 200, 400])
    parser.add_argument("--axes", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument(
        "--peers", nargs="*", default=["porespy"], choices=["porespy", "taufactor"]
    )
    parser.add_argument("--peer-limit", type=int, default=200, help="largest size for the peers")
    parser.add_argument("--porespy-tolerance", type=float, default=1e-5)
    parser.add_argument("--taufactor-tolerance", type=float, default=1e-2)
    parser.add_argument("--taufactor-python", default=sys.executable)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--workers", type=int)
    given = parser.parse_args()
    row(
        "case",
        "φ",
        "unknowns",
        "solver",
        "F",
        "τ",
        "s",
        "CPU s",
        "µs/unknown",
        "times",
        "ΔF/F",
        "iterations",
        "peak MB",
    )
    row(*["---"] * 13)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "im.npy")
        for name, im, axis in cases(given.data, given.sizes, given.axes):
            np.save(path, im)
            ours = {"solver": "here", "path": path, "axis": axis, "repeats": given.repeats}
            face = run(sys.executable, **ours, ends="face", workers=given.workers)
            known = (name, f"{face['porosity']:.3f}", face["unknowns"])
            unit, porosity = 1e6 / face["unknowns"], face["porosity"]

            def show(
                solver: str, result: dict, own: dict,
                known=known, unit=unit, porosity=porosity,
            ) -> None:  # fmt: skip
                error = result["formation_factor"] / own["formation_factor"] - 1
                seconds = result["seconds"]
                row(
                    *known, solver, f"{result['formation_factor']:.5f}",
                    f"{result['formation_factor'] * porosity:.4f}", f"{seconds:.3f}",
                    f"{result['cpu_seconds']:.3f}", f"{seconds * unit:.2f}",
                    f"{seconds / own['seconds']:.1f}",
                    f"{error:.1e}" if result is not own else "",
                    result.get("iterations", ""), f"{result['peak_mb']:.0f}",
                )  # fmt: skip

            show("poreops", face, face)
            if name.startswith("Berea 400"):
                published = PUBLISHED[name[-6:]]
                deviation = face["formation_factor"] / published - 1
                print(f"published {published}: {100 * deviation:+.2f} %", flush=True)
            if im.shape[0] > given.peer_limit:
                continue
            if "porespy" in given.peers:
                node = run(sys.executable, **ours, ends="node", workers=given.workers)
                show("poreops (node)", node, node)
                peer = {"solver": "porespy", "path": path, "axis": axis}
                show(
                    "PoreSpy", run(sys.executable, **peer, tolerance=given.porespy_tolerance), node
                )
            if "taufactor" in given.peers:
                peer = {"solver": "taufactor", "path": path, "axis": axis}
                found = run(given.taufactor_python, **peer, tolerance=given.taufactor_tolerance)
                show("TauFactor", found, face)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2])
    else:
        main()
