"""The state of a training on disk: one that was stopped gives the weights of one that was not."""

import hashlib
import shutil
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from poreops.base.content import Json
from poreops.base.files import read_json, write_json
from poreops.errors import InputError

if TYPE_CHECKING:
    import keras

History = dict[str, list[float]]
"""Name of a loss → one number an epoch."""

_UNREADABLE = (InputError, OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile,
               zlib.error)  # fmt: skip


class Checkpoint:
    """What a training needs to go on: every variable and the history, in a folder.

    Parameters
    ----------
    folder : None keeps nothing
    variables : everything that a step changes
    identity : parameters and digests; what was saved with other ones does not count
    """

    def __init__(
        self,
        folder: Path | None,
        variables: Sequence["keras.Variable"],
        identity: Sequence[object],
    ) -> None:
        self.folder, self.variables = folder, variables
        self.identity = hashlib.sha256(repr(identity).encode()).hexdigest()

    def restore(self, losses: Sequence[str]) -> History:
        """Set the variables to the last saved epoch, and return the history up to it.

        Of a state that cannot be read, as on a damaged disk, nothing counts: the training begins
        anew and ends the same.

        Parameters
        ----------
        losses : names in the history
        """
        fresh: History = {name: [] for name in losses}
        if self.folder is None or not (self.folder / "history.json").exists():
            return fresh
        try:
            saved = read_json(self.folder / "history.json")
            if saved["identity"] != self.identity:
                return fresh  # of a run with other parameters or data
            # in the order of a run that was not interrupted
            history = {name: saved["history"][name] for name in fresh}
            # opened here: NumPy leaves a file open that is no archive
            path = self.folder / f"epoch{_epochs(history)}.npz"
            with path.open("rb") as file, np.load(file) as weights:
                values = [weights[f"v{i}"] for i in range(len(self.variables))]
        except _UNREADABLE:
            return fresh
        for variable, value in zip(self.variables, values, strict=True):
            variable.assign(value)
        return history

    def save(self, history: History) -> None:
        """Keep the state after an epoch, in place of the one before.

        Parameters
        ----------
        history : name → one number an epoch
        """
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        done = _epochs(history)
        arrays: dict[str, Json] = {f"v{i}": np.asarray(v) for i, v in enumerate(self.variables)}
        np.savez(self.folder / f"epoch{done}.npz", **arrays)
        # written last and whole: it alone says which weights count
        write_json(self.folder / "history.json", {"identity": self.identity, "history": history})
        (self.folder / f"epoch{done - 1}.npz").unlink(missing_ok=True)

    def clear(self) -> None:
        """Forget a training that is finished."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def _epochs(history: History) -> int:
    return len(next(iter(history.values())))
