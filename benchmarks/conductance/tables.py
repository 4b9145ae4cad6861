"""The tables of the conductance line in README and docs/conductance.md, from the reports of a run.

    python benchmarks/conductance/tables.py

Run it where `make repro` ran.
"""

from poreops.base.files import read_json
from poreops.conductance.judging.methods import NAMES

ROWS = ("dns", "both", "scalars", "coarse", "distance", "image", "shape_factor", "geometry")
SPLITS = {
    "by_volume": "split by volume, on the unseen volumes",
    "random": "random split, on the unseen volumes",
    "random_own_test": "random split, on its own test part",
}


def percent(value: float) -> str:
    """Return a share with three digits at most."""
    return f"{100 * value:.{1 if value < 0.1 else 0}f} %"


def members() -> None:
    """Print every member, rule and DNS on the unseen volumes."""
    report = read_json("reports/conductance/scores.json")
    print(f"{report['conduits']} conduits, champion: {report['champion']}\n")
    print(
        "| | R² of G | R² of log G | mean error | off by > 10 % | other inputs | ms | training |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for name in (name for name in ROWS if name in report["unseen"]):
        row = report["unseen"][name]
        permuted = percent(row["mape_permuted"]) if "mape_permuted" in row else ""
        seconds = f"{row['training_seconds']:.0f} s" if "training_seconds" in row else ""
        print(
            f"| {NAMES[name]} | {row['r2']:.3f} | {row['r2_log']:.3f} | {percent(row['mape'])} | "
            f"{percent(row['off_by_10pct'])} | {permuted} | {row['ms_per_conduit']:.2f} | "
            f"{seconds} |"
        )
    print("\n| image network | R² of G | mean error |\n|---|---|---|")
    for name, title in SPLITS.items():
        row = report["split"][name]
        print(f"| {title} | {row['r2']:.3f} | {percent(row['mape'])} |")
    print(f"\ninvariance: {report['invariance']}")


def networks() -> None:
    """Print what networks carry by each method, and the run times."""
    report = read_json("reports/conductance/networks.json")
    quantity = next(name for name in ("formation_factor", "permeability") if name in report)
    print("\n| conductances from | R² | mean error |\n|---|---|---|")
    for name, row in report[quantity].items():
        print(f"| {NAMES[name]} | {row['r2']:.3f} | {percent(row['mape'])} |")
    print("\n| volume | conduits | model | DNS |\n|---|---|---|---|")
    for size, times in report["run_time"].items():
        seconds = (sum(times[way].values()) for way in ("model", "dns"))
        print(f"| {size} | {times['conduits']} | {' | '.join(f'{s:.1f} s' for s in seconds)} |")


if __name__ == "__main__":
    members()
    networks()
