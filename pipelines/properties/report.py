"""Draw every picture of the line, reports/properties/figures/, and its page beside them.

From what other stages wrote; a colour changed here reruns no other stage.
"""

from pathlib import Path

from poreops.base.files import read_json
from poreops.base.show.pictures import save
from poreops.errors import exit_on_input_error
from poreops.mlops.tracking import run
from poreops.properties.figures.page import write_page
from poreops.properties.figures.report import digests, every_figure

REPORTS = Path("reports/properties")
OUT = REPORTS / "figures"


def main() -> None:
    """Write the pictures and the page, and a run that holds them and says what was drawn."""
    with run("properties_report", "figures", tags=digests()) as tracked:
        for name, figure in every_figure():
            save(figure, OUT / name)
        scores, details = (read_json(REPORTS / name) for name in ("scores.json", "models.json"))
        write_page(REPORTS / "index.html", OUT, scores, details)
        for made in (OUT, REPORTS / "index.html"):
            tracked.log_file(made)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
