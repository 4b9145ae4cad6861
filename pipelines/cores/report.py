"""Draw every picture of the line: reports/cores/figures, and one run of the stage `report`."""

from pathlib import Path

import pandas as pd

from poreops.base.files import read_json, sha256
from poreops.base.hdf5 import read_hdf5
from poreops.base.show.pictures import save
from poreops.cores import figures
from poreops.errors import exit_on_input_error
from poreops.mlops.tracking import run

SCORES, IMAGES = Path("reports/cores/scores.json"), Path("artifacts/cores/scores/images.h5")
LOSSES, OUT = Path("reports/cores/training"), Path("reports/cores/figures")


def main() -> None:
    """Draw what the stages before wrote, and log it with the digests of what was drawn."""
    histories = {file.stem: pd.read_csv(file).to_dict("list") for file in LOSSES.glob("*.csv")}
    drawn = figures.every(read_json(SCORES), read_hdf5(IMAGES)[0], histories)
    tags = {f"drawn.{path.as_posix()}": sha256(path) for path in (SCORES, IMAGES, LOSSES)}
    with run("cores_report", "pictures", tags=tags) as tracked:
        for name, figure in drawn.items():
            save(figure, OUT / name)
            tracked.log_figure(figure, name)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
