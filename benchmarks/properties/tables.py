"""The tables of docs/properties.md, from the reports of the last run.

    python benchmarks/properties/tables.py

Run it where `make repro` ran.
"""

from typing import Any

from poreops.base.files import read_json
from poreops.properties.figures.pictures import NAMES

SPLITS = {"kind_left_out": "kind left out", "siblings": "siblings seen", "random": "80:20 slices"}


def accuracy(report: dict[str, Any]) -> None:
    """Print R² and mean error of every model on every split."""
    print("| | " + " | ".join(f"{title}: R² φ, k; error φ, k" for title in SPLITS.values()) + " |")
    print("|---|" + "---|" * len(SPLITS))
    for name in (n for n in NAMES if n in report["kind_left_out"]):
        cells = []
        for split in SPLITS:
            found = report[split].get(name)
            if found is None:
                cells.append("")
                continue
            phi, k = found["porosity"], found["log_permeability"]
            cells.append(f"{phi['r2']:.3f}, {k['r2']:.3f}; {phi['mae']:.4f}, {k['mae']:.2f}")
        print(f"| {NAMES[name]} | {' | '.join(cells)} |")


def gate(found: dict[str, Any]) -> None:
    """Print what the gate part decided."""
    print("\n| gate part, kind left out | error φ | error k | R² k |\n|---|---|---|---|")
    for name, of in found["candidates"].items():
        phi, k = of["porosity"], of["log_permeability"]
        print(f"| {NAMES[name]} | {phi['mae']:.4f} | {k['mae']:.3f} | {k['r2']:.3f} |")
    print(f"\nserved: {found['served']}; coverage on the gate part: {found['coverage']}")


def details(found: dict[str, Any]) -> None:
    """Print errors by kind, coverage, widths, scalings, losses and times."""
    print("\n| mean factor of k by kind | served | law | SMR-ML | SMR-NN |\n|---|---|---|---|---|")
    for kind, of in found["by_kind"].items():
        cells = (f"{of[n]:.2f}" for n in ("served", "kozeny_carman", "smr_ml", "smr_nn"))
        print(f"| {kind} | {' | '.join(cells)} |")
    print(f"\ncoverage on the report part: {found['coverage']}\nwidths: {found['widths']}")
    for title, of in found["compared"].items():
        names = list(next(iter(of.values())))
        print(f"\n| {title} | {' | '.join(NAMES[n] for n in names)} |\n|---|{'---|' * len(names)}")
        for choice, scores in of.items():
            print(f"| {choice} | {' | '.join(f'{scores[n]:.3f}' for n in names)} |")
    for stack in ("smr_ml", "smr_nn"):
        fit, predict = (found["seconds"][stack][key] for key in ("fit", "predict"))
        slices = sum(found["slices"].values())
        print(
            f"\n{NAMES[stack]}: fit {fit:.1f} s, predict {1e3 * predict / slices:.2f} ms a slice"
        )


def main() -> None:
    """Print all tables."""
    accuracy(read_json("reports/properties/scores.json"))
    gate(read_json("reports/properties/gate.json"))
    details(read_json("reports/properties/models.json"))


if __name__ == "__main__":
    main()
