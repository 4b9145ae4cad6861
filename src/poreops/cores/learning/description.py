"""What every digital core model is described by on disk."""

from pathlib import Path
from typing import Any

from poreops.base.files import read_json
from poreops.errors import InputError

DESCRIPTION = "core.json"
BITS = 8
"""Colour depth of the images that the library's models draw."""


def checked_bits(folder: Path) -> dict[str, Any]:
    """Return the description of a model; raises InputError unless it draws 8-bit grey.

    Parameters
    ----------
    folder : of the model
    """
    description = read_json(folder / DESCRIPTION)
    bits = description.get("bits") if isinstance(description, dict) else None
    if bits != BITS:
        raise InputError(
            f"a digital core model must draw {BITS}-bit grey, {folder} has a colour depth of "
            f"{bits} bits; train one on {BITS}-bit images"
        )
    found: dict[str, Any] = description
    return found
