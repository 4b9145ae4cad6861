"""Write the page of the whole run: reports/index.html, from what all lines reported."""

from pathlib import Path

from poreops.errors import exit_on_input_error
from poreops.mlops.provenance.graph import Graph, read_graph
from poreops.mlops.report.conductance import conductances
from poreops.mlops.report.cores import cores
from poreops.mlops.report.page import write_page
from poreops.mlops.report.properties import properties
from poreops.mlops.tracking import lineage, run

PAGE, NETWORK = Path("reports/index.html"), Path("artifacts/conductance/networks/first.h5")


def main() -> None:
    """Write the page, and a run that holds it."""
    root = Path()
    lines = [*conductances(root), properties(root), cores(root)]
    graph, tags = read_graph(root), lineage()
    graph = Graph({name: of for name, of in graph.stages.items() if name != "report_index"})
    commit, dirty = tags.get("git.commit", ""), tags.get("git.dirty") == "true"
    write_page(PAGE, lines, graph, NETWORK, commit=commit, dirty=dirty)
    print(f"{PAGE}: champions of {[of.name for of in lines if of.champion]}")
    with run("report_index", "page") as tracked:
        tracked.log_params({"lineage": graph.digest(graph.stages)})
        tracked.log_file(PAGE)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
