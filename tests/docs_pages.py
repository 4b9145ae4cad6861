"""The blocks of README.md and docs/*.md, and the folder that their lines run in."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]

_BLOCK = re.compile(
    r"(?:<!-- not run: (.+?) -->\n)?^```(console|python)\n(.*?)^```", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """A block of a page; `left_out` says why it is not run."""

    name: str
    kind: str
    text: str
    left_out: str | None

    @property
    def commands(self) -> list[str]:
        """The lines that call this package, without their comments."""
        lines = [line.split("  #")[0].strip() for line in self.text.splitlines()]
        return [line for line in lines if line.startswith(("poreops ", "python "))]


def blocks(kind, pages=PAGES):
    found = []
    for page in pages:
        text = page.read_text()
        for match in _BLOCK.finditer(text):
            line = text[: match.start(3)].count("\n")
            name = f"{page.relative_to(ROOT)}:{line}"
            if match[2] == kind:
                found.append(Block(name, kind, match[3], match[1]))
    return found
