"""Trainings that do not wait for each other."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from poreops.machine.tasks import parallel_map

T = TypeVar("T")


def side_by_side(trainings: Sequence[Callable[[], T]]) -> list[T]:
    """Run trainings in processes of their own, as many at once as there are cores.

    Each computes on one thread: a network of this size does not keep a second one busy, and so
    its weights do not depend on how many cores a machine has. On a GPU, which one process
    takes as a whole, they run one after the other in this process.

    Parameters
    ----------
    trainings : functions without arguments that can be pickled; paths are relative to this
        process's folder

    Returns
    -------
    list
        What each returned.
    """
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU"):
        return [training() for training in trainings]
    return list(parallel_map(partial(_on_one_thread, Path.cwd()), trainings))


def _on_one_thread(folder: Path, training: Callable[[], T]) -> T:
    import tensorflow as tf

    os.chdir(folder)
    with suppress(RuntimeError):  # a process that has computed already keeps its threads
        tf.config.threading.set_intra_op_parallelism_threads(1)
    return training()
