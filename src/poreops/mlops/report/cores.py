"""The digital-cores line as the page shows it."""

from pathlib import Path

from poreops.base.files import read_json
from poreops.mlops.report.parts import (
    NULL,
    PLAIN,
    SERVED,
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
    "real": "parts of the rock against each other",
    "quilting": "image quilting",
    "wgan_gp": "WGAN-GP",
    "dcgan": "DCGAN",
    "r3gan": "R3GAN",
    "diffusion": "patch diffusion",
    "constant": "a constant",
    "noise": "flat grey with white noise",
    "shuffled": "real crops with shuffled pixels",
    "blobs": "round blobs on a texture",
}
_METHODS = ("quilting", "wgan_gp", "dcgan", "r3gan", "diffusion")
_NULLS = ("constant", "noise", "shuffled", "blobs")
_PICTURES = {
    "cores.png": "Cores of each method beside crops of the rock.",
    "s2.png": "Two-point correlation S2(r) of the pores.",
    "losses.png": "Losses of the training.",
}


def cores(root: Path) -> Line:
    """Read the reports of the line.

    Parameters
    ----------
    root : of the repository
    """
    reports = root / "reports/cores"
    scores, gate = read_json(reports / "scores.json"), read_json(reports / "gate.json")
    registered = read_json(root / "mlflow/registered/cores.json")
    held, failed = expectations(read_json(reports / "validation.json"))
    table = scores["table"]
    return Line(
        name="cores",
        title="Digital cores",
        model=str(registered["model"]),
        reasons=gate_of(registered),
        headline=_headline(table, registered),
        data=[
            (
                f"{scores['cores']} cores of {scores['size']} × {scores['size']} pixels a set are "
                "compared with crops that nothing else read."
            ),
            held,
        ],
        failed=failed,
        ablation=[_candidates(gate)],
        methods=[_methods(table, registered)],
        pictures=pictures_in(reports / "figures", _PICTURES),
    )


def _headline(table: Report, registered: Report) -> str:
    offered = registered.get("method") or next(name for name in _METHODS if name in table)
    nulls = {name: table[name]["kid"]["mean"] for name in table if name in _NULLS}
    best = min(nulls, key=lambda name: nulls[name])
    found = 1000 * table[offered]["kid"]["mean"]
    said = (
        f"{_NAMES.get(offered, offered)}: KID × 1000 of {number(found)}, where parts of the rock "
        f"itself differ by {number(1000 * table['real']['kid']['mean'])} and "
        f"{_NAMES.get(best, best)} reach {number(1000 * nulls[best])}"
    )
    if found >= 1000 * nulls[best]:
        said += ": a picture that learned nothing is closer to the rock"
    return f"{said}."


def _methods(table: Report, registered: Report) -> Table:
    rows = [
        Row(
            [
                _NAMES.get(name, name),
                number(1000 * of["kid"]["mean"]),
                number(of["fid"]["mean"]) if "fid" in of else "–",
                percent(of["s2"]["mean"]),
                percent(of["pore_share"]["mean"]),
                percent(of["copies"]["mean"]),
            ],
            kind_of(name, registered.get("method", ""), _NULLS, "real"),
        )
        for name, of in sorted(table.items(), key=lambda item: float(item[1]["kid"]["mean"]))
    ]
    return Table(
        "Cores and nulls against crops that nothing else read",
        ("set", "KID × 1000", "FID", "S2 off by", "pore share off by", "copies of the training"),
        rows,
        "Every row is off by something: parts of the rock itself say what that is worth.",
    )


def _candidates(gate: Report) -> Table:
    rows = [
        Row(
            [name, number(1000 * of["kid"]), percent(of["s2"]), percent(of["euler"])],
            SERVED if name == gate["offered"] else PLAIN,
        )
        for name, of in gate["candidates"].items()
    ]
    rows += [
        Row([name, number(1000 * of["kid"]), percent(of["s2"]), percent(of["euler"])], NULL)
        for name, of in gate["nulls"].items()
    ]
    rows.sort(key=lambda row: float(row.cells[1].replace(",", "")))
    return Table(
        "Every training and every null, on the crops of the gate",
        ("training, seed", "KID × 1000", "S2 off by", "Euler number off by"),
        rows,
    )
