"""Draw the tables of figures in README and docs from the reports of a run.

    python docs/tables.py            fill the tables from docs/reports (make figures)
    python docs/tables.py --record   take over reports/ of the last run first (make record)

A table stands between ``<!-- table: NAME -->`` and ``<!-- end -->``; docs/reports holds the
reports that the documents speak of, and a test fails where text and report differ. A run of
diffusion and flow (PROFILE=hydraulic) has a folder of its own there for its reports of
conductance, and one of cores like images of one's own (PROFILE=shale) for those of cores.
"""

import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from poreops.base.files import read_json, write_json, write_text
from poreops.base.targets import FIRST, part
from poreops.conductance.judging.methods import NAMES as MEMBERS
from poreops.cores.judging.bands import PROPERTIES
from poreops.mlops.report.parts import percent
from poreops.params import check
from poreops.properties.figures.pictures import NAMES as LEARNERS

ROOT = Path(__file__).parents[1]
REPORTS = ROOT / "docs/reports"
RECORDED = {
    "conductance": ("scores", "networks", "materials"),
    "properties": ("scores", "gate", "models"),
    "cores": ("scores", "gate"),
}
FLOW = "hydraulic"
SHALE = "shale"
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
_PLACE = re.compile(r"(<!-- table: ([\w.]+) -->\n).*?(<!-- end -->)", re.DOTALL)

Rows = Iterable[Sequence[str]]
Report = Mapping[str, Any]


def table(heads: Sequence[str], rows: Rows) -> str:
    """Return a Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def report(line: str, name: str) -> Any:
    """Return a report that is recorded for the documents."""
    return read_json(REPORTS / line / f"{name}.json")


def of_one(name: str, rows: Callable[[Report], Rows]) -> Rows:
    """Return the rows of a report of the default run."""
    return rows(report("conductance", name))


def of_each(name: str, rows: Callable[[Report], Rows]) -> Rows:
    """Yield the rows of a report of flow and of diffusion, each named in its first cell."""
    found = report(FLOW, name)
    for title, of in (("flow", FLOW), ("diffusion", FIRST)):
        for first, *others in rows(part(found, of)):
            yield [f"{title}: {first}", *others]


MEMBER_HEADS = (
    "", "R² of G", "R² of log G", "mean error", "off by > 10 %", "inputs of others", "ms",
    "training",
)  # fmt: skip


def member_rows(found: Report) -> Rows:
    """Yield every member, rule and DNS on the unseen volumes."""
    order = (
        "dns", "physics", "both", "scalars", "coarse", "distance", "image", "shape_factor",
        "geometry",
    )  # fmt: skip
    for name in (name for name in order if name in found["unseen"]):
        of = found["unseen"][name]
        yield [
            MEMBERS[name] + " (champion)" * (name == found["champion"]),
            f"{of['r2']:.3f}",
            f"{of['r2_log']:.3f}",
            percent(of["mape"]),
            percent(of["off_by_10pct"]),
            percent(of["mape_permuted"]) if "mape_permuted" in of else "",
            f"{of['ms_per_conduit']:.2f}",
            f"{of['training_seconds']:.0f} s" if "training_seconds" in of else "",
        ]


def summary() -> str:
    """Draw the members in three columns, for the README."""
    found = report("conductance", "scores")
    order = ("physics", "both", "scalars", "coarse", "image", "shape_factor", "geometry")
    rows = []
    for name in (name for name in order if name in found["unseen"]):
        of = found["unseen"][name]
        title = MEMBERS[name] + ", the champion" * (name == found["champion"])
        rows.append([title, f"{of['r2']:.3f}", percent(of["mape"]), percent(of["off_by_10pct"])])
    return table(("method", "R²", "mean error", "off by > 10 %"), rows)


def splits() -> str:
    """Draw the image network on a split by volume and on a random one."""
    titles = {
        "by_volume": "split by volume, on the unseen volumes",
        "random": "random split, on the unseen volumes",
        "random_own_test": "random split, on its own test part",
    }
    found = report("conductance", "scores")["split"]
    rows = [[t, f"{found[n]['r2']:.3f}", percent(found[n]["mape"])] for n, t in titles.items()]
    return table(("image network", "R² of G", "mean error"), rows)


NETWORK_HEADS = ("conductances from", "R²", "mean error")


def network_rows(found: Report) -> Rows:
    """Yield what networks carry by each method."""
    for name, of in found[found["quantity"]].items():
        yield [MEMBERS[name], f"{of['r2']:.3f}", percent(of["mape"])]


def material_heads(found: Report, champion: str) -> list[str]:
    """Return the heads of the columns of `material_rows`."""
    first = next(iter(found["materials"].values()))
    shown = shown_members(first)
    heads = ["", "porosity", "conduits"]
    heads += [MEMBERS[name] + " (champion)" * (name == champion) for name in shown]
    return heads + ["in its 90 % intervals"] * ("physics" in shown) + list(first["nulls"])


def material_rows(found: Report) -> Rows:
    """Yield the mean error of every member and null on the materials left out."""
    for material, of in found["materials"].items():
        shown = shown_members(of)
        cells = [material.replace("_", " "), f"{of['porosity']:.2f}", str(of["conduits"])]
        cells += [percent(of["members"][name]["mape"]) for name in shown]
        if "physics" in shown:
            cells.append(percent(of["members"]["physics"]["covered"]))
        yield [*cells, *(percent(null["mape"]) for null in of["nulls"].values())]


def shown_members(of: Report) -> list[str]:
    """Return the members that a material was judged by."""
    order = ("physics", "both", "scalars", "coarse", "distance", "image")
    return [name for name in order if name in of["members"]]


def materials() -> str:
    """Draw the materials left out, of diffusion."""
    found = report("conductance", "materials")
    return table(material_heads(found, found["champion"]), material_rows(found))


def materials_of_both() -> str:
    """Draw the materials left out, of flow and of diffusion, whose champions may differ."""
    heads = material_heads(report(FLOW, "materials"), champion="")
    return table(heads, of_each("materials", material_rows))


TIME_HEADS = ("volume", "conduits", "model", "DNS")


def time_rows(found: Report) -> Rows:
    """Yield what a network takes by the model and by DNS; nothing without a champion."""
    for size, times in found["run_time"].items():
        seconds = (f"{sum(times[way].values()):.1f} s" for way in ("model", "dns"))
        yield [size, str(times["conduits"]), *seconds]


def accuracy() -> str:
    """Draw R² and mean error of every model of rock properties on every split."""
    found = report("properties", "scores")
    titles = {"kind_left_out": "kind left out", "siblings": "siblings seen", "random": "80:20"}
    rows = []
    for name in (name for name in LEARNERS if name in found["kind_left_out"]):
        cells = [LEARNERS[name]]
        for split in titles:
            of = found[split].get(name)
            if of is None:
                cells.append("")
                continue
            phi, k = of["porosity"], of["log_permeability"]
            cells.append(f"{phi['r2']:.3f}, {k['r2']:.3f}; {phi['mae']:.4f}, {k['mae']:.2f}")
        rows.append(cells)
    heads = ["", *(f"{title}: R² φ, k; error φ, k" for title in titles.values())]
    return table(heads, rows)


def compared() -> str:
    """Draw R² of log k on the random split by scaling, and by the loss of networks."""
    found = report("properties", "models")["compared"]
    names = list(found["scaling"]["standard"])
    rows = [
        [f"{kind}: {choice}", *(f"{of[n]:.3f}" if n in of else "" for n in names)]
        for kind, choices in found.items()
        for choice, of in choices.items()
    ]
    return table(["R² of log k", *(LEARNERS[name] for name in names)], rows)


def by_kind() -> str:
    """Draw the mean factor that a permeability is off by, for each kind of rock."""
    order = ("served", "kozeny_carman", "smr_ml", "smr_nn")
    rows = [
        [kind, *(f"{of[name]:.2f}" for name in order)]
        for kind, of in report("properties", "models")["by_kind"].items()
    ]
    return table(("mean factor of k", "served", "law", "SMR-ML", "SMR-NN"), rows)


def real_rocks() -> str:
    """Draw the errors of log k and φ on real rocks left out, beside those on synthetic kinds."""
    scores, details = report("properties", "scores"), report("properties", "models")
    splits = ("rock_left_out", "kind_left_out", "siblings")
    order = ("served", "kozeny_carman", "smr_nn", "smr_ml", "porosity_alone", "constant")
    rows = []
    for name in order:
        found = [scores[split].get(name) for split in splits]
        cells = [
            f"{of['log_permeability']['mae']:.3f}; {of['porosity']['mae']:.4f}" if of else ""
            for of in found
        ]
        rows.append([LEARNERS[name], *cells])
    shares = [details[of]["plug"] for of in ("coverage_of_rocks", "coverage")]
    held = [
        ", ".join(percent(of[name]) for name in ("log_permeability", "porosity")) for of in shares
    ]
    rows.append(["intervals hold of plugs: k, φ", *held, ""])
    heads = ("error of log₁₀ k; of φ", "real rocks", "synthetic kinds, report part")
    heads = (*heads, "siblings seen")
    return table(heads, rows)


def aims() -> str:
    """Draw what the line was to reach beside what it reaches, from slices and from volumes."""
    details, scores = report("properties", "models"), report("properties", "scores")
    rocks, volumes = details["by_rock"].values(), details["volumes"]
    of_volumes = [volumes[origin]["law"] for origin in ("real", "synthetic")]
    within = sum(0.5 <= of["factor"] <= 2 for of in rocks)
    met = of_volumes[0]["within_two"] * of_volumes[0]["rocks"]
    phi = [
        scores[split]["served"]["porosity"]["mae"] for split in ("rock_left_out", "kind_left_out")
    ]
    held = [details[of]["plug"] for of in ("coverage_of_rocks", "coverage")]
    rows = [
        [
            "median error of k of real rocks left out",
            "35 %, 20 %",
            percent(median(of["error"] for of in rocks)),
            percent(of_volumes[0]["median_error"]),
        ],
        [
            "real rocks within a factor of two",
            "all",
            f"{within} of {len(rocks)}",
            f"{met:.0f} of {of_volumes[0]['rocks']:.0f}",
        ],
        [
            "90 % intervals of k hold: real rocks, synthetic kinds",
            "85 to 95 %",
            ", ".join(percent(of["log_permeability"]) for of in held),
            ", ".join(percent(of["coverage"]) for of in of_volumes),
        ],
        [
            "error of the porosity: real rocks, synthetic kinds",
            "0.01",
            ", ".join(f"{of:.4f}" for of in phi),
            "counted",
        ],
    ]
    return table(("rock or kind left out", "aim: slices, volumes", "slices", "volumes"), rows)


def by_rock() -> str:
    """Draw how far the permeability of each real rock is off from slices, the rock left out."""
    found = report("properties", "models")["by_rock"]
    order = sorted(found, key=lambda name: found[name]["error"])
    rows = [
        [
            name.replace("_", " "),
            f"{found[name]['factor']:.2g}",
            percent(found[name]["error"]),
            str(found[name]["plugs"]),
        ]
        for name in order
    ]
    within = sum(0.5 <= of["factor"] <= 2 for of in found.values())
    middle = median(of["error"] for of in found.values())
    rows.append(["all", f"{within} of {len(found)} within 2", f"median {percent(middle)}", ""])
    return table(("rock", "factor, geometric mean", "median error of its plugs", "plugs"), rows)


def volumes() -> str:
    """Draw laws of a volume on rocks left out, real and synthetic apart."""
    found = report("properties", "models")["volumes"]
    titles = {
        "law": "C Λ²/8F",
        "unfitted": "Λ²/8F, nothing fitted",
        "kozeny_carman": "φ Λ², constant fitted",
        "formation": "1/F, constant fitted",
        "constant": "constant",
    }
    rows = []
    for name, title in titles.items():
        real, drawn = (found[origin][name] for origin in ("real", "synthetic"))
        within = f"{real['within_two'] * real['rocks']:.0f} of {real['rocks']:.0f}"
        factors = [of["worst_factor"] for of in (real, drawn)]
        worst = [f"× {by:.{2 if by < 10 else 0}f}" for by in factors]
        errors = [percent(of["median_error"]) for of in (real, drawn)]
        rows.append([title, errors[0], worst[0], within, errors[1], worst[1]])
    held = [found[origin]["law"] for origin in ("real", "synthetic")]
    shares = [f"{percent(of['coverage'])}, {percent(of['coverage_by_others'])}" for of in held]
    rows.append(["intervals hold; those of the other origin", shares[0], "", "", shares[1], ""])
    heads = ("of k, rock left out", "real: error", "worst rock", "within 2", "synthetic: error")
    return table((*heads, "worst"), rows)


def volumes_by_rock() -> str:
    """Draw predicted over simulated permeability of each rock by the law of volumes."""
    found = report("properties", "models")["volumes"]["by_rock"]
    rows = [
        [name.replace("_", " "), f"{of['factor']:.2f}", percent(of["error"]), str(of["plugs"])]
        for name, of in found.items()
    ]
    return table(("rock or kind", "predicted over simulated", "mean error", "plugs"), rows)


SOURCES = {
    "real": "real",
    "quilting": "quilting",
    "wgan_gp": "WGAN-GP",
    "dcgan": "DCGAN",
    "r3gan": "R3GAN",
    "diffusion": "patch diffusion",
    "blobs": "round blobs on a texture",
    "shuffled": "real crops, pixels shuffled",
    "noise": "flat grey, white noise",
    "constant": "a constant",
}
CORE_SCORES = {
    "kid": ("KID", 3),
    "kid_averaged": ("KID, averaged", 3),
    "kid_second": ("KID by wavelets", 4),
    "kid_second_averaged": ("and averaged", 4),
    "fid": ("FID", 1),
    "s2": ("ΔS2", 2),
    "correlation_length": ("correlation length", 2),
    "pore_share": ("pore share", 2),
    "ore_share": ("ore share", 2),
    "euler": ("Euler", 2),
    "chords": ("chords", 2),
}
CORE_JUDGED = {
    "density": ("density", 2),
    "coverage": ("coverage", 2),
    "copies": ("copies", 2),
    "copies_ratio": ("copies ratio", 2),
    "pieces_ratio": ("pieces ratio", 2),
    "perimeter": ("perimeter", 2),
    "lineal_path": ("lineal path", 2),
}


def cores(of: str, scores: Mapping[str, tuple[str, int]] = CORE_SCORES) -> str:
    """Draw every source of images against crops that nothing else reads."""
    found = report(of, "scores")["table"]
    scores = {score: how for score, how in scores.items() if score in found["real"]}
    rows = []
    for name, title in SOURCES.items():
        if name not in found:
            continue
        cells = []
        for score, (_, digits) in scores.items():
            mean, sd = (f"{found[name][score][key]:.{digits}f}" for key in ("mean", "sd"))
            cells.append(mean if float(sd) == 0 else f"{mean} ± {sd}")
        rows.append([title, *cells])
    return table(["", *(title for title, _ in scores.values())], rows)


def core_bands(of: str) -> str:
    """Draw how far each property lies from real fields, and the spread of cores."""
    found = report(of, "scores")["bands"]
    rows = []
    for name, title in SOURCES.items():
        if name not in found:
            continue
        bands = found[name]["properties"]
        cells = [f"{bands[each]['away']:.1f}, {bands[each]['spread']:.1f}" for each in PROPERTIES]
        rows.append([title, *cells, f"{found[name]['met']} of {found[name]['of']}"])
    return table(["", *(each.replace("_", " ") for each in PROPERTIES), "met"], rows)


TABLES: dict[str, Callable[[], str]] = {
    "conductance.members": lambda: table(MEMBER_HEADS, of_one("scores", member_rows)),
    "conductance.summary": summary,
    "conductance.splits": splits,
    "conductance.networks": lambda: table(NETWORK_HEADS, of_one("networks", network_rows)),
    "conductance.run_times": lambda: table(TIME_HEADS, of_one("networks", time_rows)),
    "conductance.materials": materials,
    "hydraulic.members": lambda: table(MEMBER_HEADS, of_each("scores", member_rows)),
    "hydraulic.networks": lambda: table(NETWORK_HEADS, of_each("networks", network_rows)),
    "hydraulic.run_times": lambda: table(TIME_HEADS, of_each("networks", time_rows)),
    "hydraulic.materials": materials_of_both,
    "properties.accuracy": accuracy,
    "properties.compared": compared,
    "properties.by_kind": by_kind,
    "properties.real_rocks": real_rocks,
    "properties.aims": aims,
    "properties.by_rock": by_rock,
    "properties.volumes": volumes,
    "properties.volumes_by_rock": volumes_by_rock,
    "cores.scores": lambda: cores("cores"),
    "cores.judged": lambda: cores("cores", CORE_JUDGED),
    "cores.bands": lambda: core_bands("cores"),
    "shale.scores": lambda: cores(SHALE),
    "shale.judged": lambda: cores(SHALE, CORE_JUDGED),
    "shale.bands": lambda: core_bands(SHALE),
}


def filled(text: str) -> str:
    """Return the text of a page with every table drawn anew."""
    return _PLACE.sub(lambda m: f"{m[1]}{TABLES[m[2]]()}{m[3]}", text)


def places() -> Mapping[str, str]:
    """Return the lines of the last run to record, and the folder of each in docs/reports."""
    if check().cores.crops.images:
        return {"cores": SHALE}
    if FLOW in read_json("reports/conductance/scores.json"):
        return {"conductance": FLOW}
    return {line: line for line in RECORDED}


def record() -> None:
    """Take over the reports of the last run."""
    for line, place in places().items():
        for name in RECORDED[line]:
            found = read_json(f"reports/{line}/{name}.json")
            write_json(REPORTS / place / f"{name}.json", found)


def main(arguments: Sequence[str]) -> None:
    """Fill the tables of every page."""
    if "--record" in arguments:
        record()
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        if (new := filled(text)) != text:
            write_text(page, new)
            print(f"{page.relative_to(ROOT)}: tables drawn anew")


if __name__ == "__main__":
    main(sys.argv[1:])
