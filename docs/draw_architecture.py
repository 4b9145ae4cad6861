"""Draw the rooms of src/poreops from its imports: docs/architecture.svg.

A room is a file or folder directly under src/poreops, an arrow that a module of one imports a
module of another (imports for type checking only do not count). The floors are those of the
contract in pyproject.toml.
"""

import re
import tomllib
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import grimp

OUT = Path(__file__).with_name("architecture.svg")
PROJECT = Path(__file__).parents[1] / "pyproject.toml"

# column, what is written below the name
ROOMS = {
    "cli": (0, "the command poreops"),
    "params": (2.5, "params.yaml and profiles"),
    "conductance": (1.5, "the line of size factors"),
    "properties": (2.5, "the line of slices"),
    "cores": (3.5, "the line of digital cores"),
    "networks": (0, "OpenPNM network, its files"),
    "conduits": (0, "partition, crop, size factors"),
    "solvers": (1, "diffusion, box, Stokes"),
    "synthetic": (2, "spheres, plugs, shale"),
    "images": (3, "readers, statistics"),
    "mlops": (4, "tracking, registry, gate"),
    "machine": (1.5, "memory, tasks"),
    "base": (2.5, "files, checks, how results show"),
    "errors": (2, "InputError"),
}
LINES = ("conductance", "properties", "cores")

WIDTH, HEIGHT, LEFT, TOP, GAP, STOREY = 188, 46, 16, 16, 18, 92


@dataclass(frozen=True)
class House:
    """Rooms, the arrows between them, and the floor of each; the lowest is 1."""

    rooms: set[str]
    arrows: set[tuple[str, str]]
    floors: dict[str, int]


def house() -> House:
    """Read the house from the imports."""
    graph = grimp.build_graph("poreops", exclude_type_checking_imports=True)
    left_out = {"", "__main__"}
    rooms = {_room(module) for module in graph.modules} - left_out
    arrows = {
        (_room(module), _room(imported))
        for module in graph.modules
        for imported in graph.find_modules_directly_imported_by(module)
    }
    arrows = {(a, b) for a, b in arrows if a != b and not {a, b} & left_out}
    return House(rooms, arrows, floors_of(arrows, rooms))


def floors_of(arrows: set[tuple[str, str]], rooms: set[str]) -> dict[str, int]:
    """Return the floor of each room, one above the highest that it imports.

    Raises
    ------
    ValueError
        If rooms import each other in a circle.
    """

    def floor(room: str, *above: str) -> int:
        if room in above:
            circle = (*above[above.index(room) :], room)
            raise ValueError(f"rooms must not import each other in a circle: {', '.join(circle)}")
        return 1 + max((floor(b, *above, room) for a, b in arrows if a == room), default=0)

    return {room: floor(room) for room in sorted(rooms)}


def _room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def reduced(arrows: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Leave out the arrows that a way through other rooms implies."""
    below: dict[str, set[str]] = defaultdict(set)
    for a, b in arrows:
        below[a].add(b)

    def reached(room: str) -> set[str]:
        return below[room].union(*(reached(other) for other in below[room]))

    return {(a, b) for a, b in arrows if not any(b in reached(c) for c in below[a] if c != b)}


def drawn(built: House) -> str:
    """Return the picture as SVG."""
    places = _places()
    lines = [_arrow(places[a], places[b]) for a, b in sorted(reduced(built.arrows))]
    imports = Counter(a for a, _ in built.arrows)
    boxes = [_box(room, place, imports[room]) for room, place in sorted(places.items())]
    width = max(x for x, _ in places.values()) + WIDTH + LEFT
    height = max(y for _, y in places.values()) + HEIGHT + TOP
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        'font-family="sans-serif">'
    )
    tip = (
        '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0 8 4 0 8z" fill="#667"/></marker>'
    )
    return "\n".join(
        [
            head,
            "<title>The rooms of src/poreops; an arrow is an import</title>",
            tip,
            f'<rect width="{width:g}" height="{height:g}" fill="#fff"/>',
            *lines,
            *boxes,
            "</svg>\n",
        ]
    )


def _places() -> dict[str, tuple[float, float]]:
    contracts = tomllib.loads(PROJECT.read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["id"] == "floors")
    storeys = [re.findall(r"\w+", layer) for layer in layers if "__main__" not in layer]
    return {
        room: (LEFT + ROOMS[room][0] * (WIDTH + GAP), TOP + storey * STOREY)
        for storey, rooms in enumerate(storeys)
        for room in rooms
    }


def _arrow(start: tuple[float, float], end: tuple[float, float]) -> str:
    (x0, y0), (x1, y1) = start, end
    x0, y0, x1 = x0 + WIDTH / 2, y0 + HEIGHT, x1 + WIDTH / 2
    bend = (y1 - y0) / 2
    return (
        f'<path d="M{x0:g} {y0:g}C{x0:g} {y0 + bend:g} {x1:g} {y1 - bend:g} {x1:g} {y1:g}" '
        'fill="none" stroke="#667" stroke-width="1.2" marker-end="url(#tip)"/>'
    )


def _box(room: str, place: tuple[float, float], imports: int) -> str:
    x, y = place
    colour = "#fde9c8" if room in LINES else "#e3ecf7"
    middle = x + WIDTH / 2
    return (
        f"<g><title>{room} imports {imports} rooms</title>"
        f'<rect x="{x:g}" y="{y:g}" width="{WIDTH}" height="{HEIGHT}" rx="5" fill="{colour}" '
        'stroke="#334"/>'
        f'<text x="{middle:g}" y="{y + 19:g}" text-anchor="middle" font-size="14" '
        f'font-weight="bold">{room}</text>'
        f'<text x="{middle:g}" y="{y + 36:g}" text-anchor="middle" font-size="11">'
        f"{ROOMS[room][1]}</text></g>"
    )


if __name__ == "__main__":
    OUT.write_text(drawn(house()), encoding="utf-8")
