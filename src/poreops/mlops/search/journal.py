"""The journal of a study as a file: one JSON document a line, or what is wrong with it."""

import json
from pathlib import Path

from poreops.errors import InputError


def broken_line(content: bytes) -> int | None:
    r"""Return the number of the first whole line that cannot be read, from 1; None without one.

    Parameters
    ----------
    content : of a journal; its last line may be a killed writer's, and counts if it is whole

    Examples
    --------
    >>> broken_line(b'{"op_code": 0}\n{"op_co'), broken_line(b'{"op_\n{"op_code": 0}\n')
    (None, 1)
    """
    for number, line in enumerate(content.split(b"\n")[:-1], start=1):
        try:
            whole = isinstance(json.loads(line), dict)
        except ValueError:
            whole = False
        if not whole:
            return number
    return None


def mend(journal: Path) -> None:
    """Cut off what a writer left of a last line when it was killed, or the disk was full.

    The next line would be appended to it, and neither could be read again.

    Parameters
    ----------
    journal : file of a study, or where one will be; its writers must wait meanwhile

    Raises
    ------
    InputError
        If a line in it cannot be read.
    """
    if not journal.is_file():
        return
    content = journal.read_bytes()
    if (number := broken_line(content)) is not None:
        raise InputError(
            f"the journal of a search must hold JSON, got none in line {number} of {journal}; "
            "restore it from a copy, or delete it and the search begins anew"
        )
    if rest := len(content) - (content.rfind(b"\n") + 1):
        with journal.open("r+b") as file:
            file.truncate(len(content) - rest)
