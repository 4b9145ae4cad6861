"""The conductance line as the page shows it."""

from dataclasses import replace
from pathlib import Path

from poreops.base.files import read_json
from poreops.base.targets import FIRST, part, targets_in
from poreops.mlops.report.parts import (
    NULL,
    PLAIN,
    SERVED,
    TRUTH,
    Line,
    Report,
    Row,
    Table,
    expectations,
    gate_of,
    kind_of,
    number,
    percent,
    pictures_in,
)

_NAMES = {
    "dns": "DNS of conduits",
    "model": "champion",
    "coarse": "coarse solve",
    "physics": "estimate, corrected",
    "scalars": "scalars",
    "image": "image network (ResNet)",
    "resnet": "image network (ResNet)",
    "distance": "image network with distance",
    "both": "scalars and image",
    "geometry": "geometry of cones and cylinder",
    "shape_factor": "shape factor",
    "constant": "a constant",
}
_NULLS = ("coarse", "constant")


def conductances(root: Path) -> list[Line]:
    """Read the reports of the line, for each target that a model was trained of.

    Parameters
    ----------
    root : of the repository
    """
    judged = root / "artifacts/conductance/judged"
    return [conductance(root, of) for of in targets_in(judged, "gate.json")]


def conductance(root: Path, of: str = FIRST) -> Line:
    """Read the reports of the line.

    Parameters
    ----------
    root : of the repository
    of : folder of the target
    """
    reports = root / "reports/conductance"
    scores, networks, materials = (
        part(read_json(reports / f"{name}.json"), of)
        for name in ("scores", "networks", "materials")
    )
    gate = read_json(root / "artifacts/conductance/judged" / of / "gate.json")
    registered = part(read_json(root / "mlflow/registered/conductance.json"), of)
    held, failed = expectations(read_json(reports / "validation.json"))
    quantity = networks["quantity"]
    flow = quantity == "permeability"
    pictures = {
        "parity.png": "Every conduit of the unseen volumes: prediction against simulation.",
        f"{quantity}.png": f"{_words(quantity)} of whole networks against DNS of the volume.",
        "run_time.png": "Seconds from the image to its network, by step.",
    }
    return Line(
        name="conductance",
        title="Hydraulic conductance of conduits" if flow else "Conductance of conduits",
        model=str(registered["model"]),
        reasons=gate_of(registered),
        headline=_headline(scores),
        data=[
            (
                f"{scores['conduits']:,} conduits of unseen volumes are reported on; the gate "
                f"read {gate['conduits']:,} others."
            ),
            held,
        ],
        failed=failed,
        ablation=_titled([_ablation(gate)], flow=flow),
        methods=_titled(
            [_conduits(scores), *_materials(materials), _networks(networks, quantity)], flow=flow
        ),
        pictures=pictures_in(reports / "figures" / of, pictures),
    )


def _titled(tables: list[Table], *, flow: bool) -> list[Table]:
    """Return tables whose titles say that they are of flow, if they are."""
    if not flow:
        return tables
    return [replace(of, title=f"Flow: {of.title[0].lower()}{of.title[1:]}") for of in tables]


def _headline(scores: Report) -> str:
    table, name = scores["unseen"], scores["champion"]
    said = f"{_name(name)}: off by {percent(table[name]['mape'])} on conduits never seen"
    nulls = {null: table[null]["mape"] for null in _NULLS if null in table and null != name}
    if nulls:
        best = min(nulls, key=lambda null: nulls[null])
        said += f", where the null, the {_name(best)}, is off by {percent(nulls[best])}"
    times = {way: table[way].get("ms_per_conduit") for way in ("dns", name) if way in table}
    if len(times) == 2 and None not in times.values():
        slower = "no faster than simulation" if times[name] >= times["dns"] else "faster"
        said += (
            f". It takes {number(times[name])} ms a conduit and simulation "
            f"{number(times['dns'])} ms: it is {slower}"
        )
    return f"{said}."


def _ablation(gate: Report) -> Table:
    rows = [
        Row(
            [_name(name), number(of["r2"]), percent(of["mape"]), percent(of.get("mape_permuted"))],
            kind_of(name, gate["chosen"], _NULLS),
        )
        for name, of in sorted(gate["members"].items(), key=lambda item: float(item[1]["mape"]))
    ]
    constant = gate["constant"]
    cells = ["a constant", number(constant["r2"]), percent(constant["mape"]), "–"]
    rows.append(Row(cells, NULL))
    return Table(
        "What each part is worth, on the volumes of the gate",
        ("member", "R²", "mean error", "with inputs of other conduits"),
        rows,
        "The last column feeds a member the image, or the scalars, of another conduit. Where it "
        "is as good as before, the member does not look at that input.",
    )


def _conduits(scores: Report) -> Table:
    rows = [
        Row(
            [
                _name(name),
                number(of["r2"]),
                percent(of["mape"]),
                percent(of["off_by_10pct"]),
                number(of.get("ms_per_conduit")),
                number(of.get("training_seconds")),
            ],
            kind_of(name, scores["champion"], _NULLS, "dns"),
        )
        for name, of in sorted(scores["unseen"].items(), key=lambda item: float(item[1]["mape"]))
    ]
    heads = ("method", "R²", "mean error", "off by > 10 %", "ms a conduit", "s of training")
    return Table("Conduits of unseen volumes", heads, rows)


def _materials(report: Report) -> list[Table]:
    """Return the table of the materials left out; none where a run of 2D had none."""
    chosen, rows = report["champion"], []
    for material, of in report["materials"].items():
        coarse = of["members"].get("coarse", {}).get("mape")
        constant = of["nulls"]["a constant"]["mape"]
        errors = (of["members"][chosen]["mape"], coarse, constant)
        rows.append(Row([_name(material), number(of["conduits"]), *map(percent, errors)], PLAIN))
    heads = ("material", "conduits", _name(chosen), _name("coarse"), _name("constant"))
    said = "Mean error where every member learned from packs of overlapping spheres alone."
    return [Table("Materials left out", heads, rows, said)] if rows else []


def _networks(report: Report, quantity: str) -> Table:
    last: Report = {}
    if report.get("run_time"):
        last = max(report["run_time"].values(), key=lambda of: int(of["conduits"]))
    rows = [Row(["DNS of the whole volume", number(1.0), percent(0.0), "–"], TRUTH)]
    for name, of in sorted(report[quantity].items(), key=lambda item: float(item[1]["mape"])):
        steps = last.get(name)
        seconds = sum(steps.values()) if steps else None
        cells = [_name(name), number(of["r2"]), percent(of["mape"]), number(seconds)]
        rows.append(Row(cells, SERVED if name == "model" else PLAIN))
    size = f" of {last['conduits']:,} conduits" if last else ""
    return Table(
        f"{_words(quantity)} of whole networks, against DNS of the volume",
        ("conductances by", "R²", "mean error", f"s for a network{size}"),
        rows,
    )


def _name(name: str) -> str:
    return _NAMES.get(name, name.replace("_", " "))


def _words(quantity: str) -> str:
    return quantity.replace("_", " ").capitalize()
