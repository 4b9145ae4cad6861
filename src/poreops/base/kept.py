"""Where a stage keeps unfinished work, so that a killed run goes on where it stopped."""

import hashlib
from pathlib import Path


def kept_in(partial: Path, state: str) -> Path:
    """Return the folder of what was made from this state; of another state nothing counts.

    Parameters
    ----------
    partial : the stage's folder of unfinished work
    state : all that decides the result: parameters, and digests of the files that are read

    Returns
    -------
    Path
        A folder in `partial`, not made yet.
    """
    return partial / hashlib.sha256(state.encode()).hexdigest()[:16]
