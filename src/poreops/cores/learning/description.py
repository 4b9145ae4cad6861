"""What every digital core model is described by on disk."""

from pathlib import Path

from poreops.errors import InputError

DESCRIPTION = "core.json"
BITS = 8
"""Colour depth of the images that the library's models draw."""


def unfit(folder: Path, error: Exception, stage: str) -> InputError:
    """Return what to raise for files that hold no digital core model.

    Parameters
    ----------
    folder : of the files
    error : that reading them gave
    stage : that makes such files
    """
    reason = " ".join(str(error).split())[:200]
    return InputError(
        f"{folder} must hold a digital core model, got {reason}; make it again with the stage "
        f"{stage}"
    )


def check_bits(description: object, folder: Path) -> None:
    """Raise InputError unless a description is of a model that draws 8-bit grey.

    Parameters
    ----------
    description : content of `DESCRIPTION`
    folder : that it was read from
    """
    bits = description.get("bits") if isinstance(description, dict) else None
    if bits != BITS:
        raise InputError(
            f"a digital core model must draw {BITS}-bit grey, {folder} has a colour depth of "
            f"{bits} bits; train one on {BITS}-bit images"
        )
