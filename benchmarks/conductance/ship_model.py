"""Put the member `physics` of the last run into the package, with a card of what it reached.

    python benchmarks/conductance/ship_model.py

Run after ``make repro`` for diffusion and after ``make repro PROFILE=hydraulic`` for flow; then
``poreops models verify``.
"""

import shutil
from pathlib import Path

from poreops.base.files import read_json, write_json
from poreops.conductance import registry
from poreops.conductance.verifying import rescored, sample_regions

MODEL = Path("artifacts/conductance/models/members/physics")
COPIED = ("conductance.json", "correction.ubj")


def main() -> None:
    """Copy the model and write its card."""
    stated = read_json(MODEL / "conductance.json")
    report = read_json("reports/conductance/scores.json")
    unseen = report["unseen"]["physics"] | {"covered": report["intervals"]["covered"]}
    split = read_json("artifacts/conductance/training/members/physics.json")
    transport = "flow" if stated["target"] == "hydraulic" else "diffusion"
    transport += "-2d" * (stated["ndim"] == 2)
    ship(MODEL, transport, unseen, f"{split['parameters']} leaves, packs of overlapping spheres")


def ship(files: Path, transport: str, unseen: dict[str, float], training: str) -> None:
    """Write model and card.

    Parameters
    ----------
    files : folder of the model
    transport : "diffusion" or "flow", with "-2d" of 2D conduits
    unseen : its scores on volumes that nothing was learned or chosen by
    training : what it learned from, in a line
    """
    folder = Path(registry.__file__).with_name("shipped") / transport
    folder.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        shutil.copyfile(files / name, folder / name)
    ndim = read_json(folder / "conductance.json")["ndim"]
    kept = {name: unseen[name] for name in ("r2", "r2_log", "mape", "off_by_10pct", "covered")}
    card = {
        "training": training,
        "use": f"conduits of segmented {ndim}D porous media, of at least some voxels in a throat",
        "limits": "intervals hold for packs of spheres; foams and fractures err more and are "
        "covered less (docs/conductance.md)",
        "coverage": read_json(folder / "conductance.json")["intervals"]["coverage"],
        "unseen": kept,
        "sample": rescored(folder, sample_regions(ndim)),
    }
    write_json(folder / "card.json", card)


if __name__ == "__main__":
    main()
