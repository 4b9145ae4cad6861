"""Trainings that do not wait for each other."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from typing import TypeVar

from poreops.machine.tasks import workers

T = TypeVar("T")

_LOOKS = 0.5  # seconds between looks at whether the parent lives


def side_by_side(trainings: Sequence[Callable[[], T]]) -> list[T]:
    """Run trainings in processes of their own, as many at once as there are cores.

    Each computes on one thread: a network of this size does not keep a second one busy, and so
    its weights do not depend on how many cores a machine has. The processes are plain ones: a
    worker of Dask has threads that draw from the generator that Keras seeds. On a GPU, which one
    process takes as a whole, trainings run one after the other in this process.

    Parameters
    ----------
    trainings : functions without arguments that can be pickled

    Returns
    -------
    list
        What each returned.
    """
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU"):
        return [training() for training in trainings]
    count = min(workers(), len(trainings))
    if count == 1:
        return [_on_one_thread(training) for training in trainings]
    pool = ProcessPoolExecutor(
        count, get_context("spawn"), initializer=_end_with, initargs=(os.getpid(),)
    )
    with pool:
        try:
            return list(pool.map(_on_one_thread, trainings))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)  # what runs comes to its end
            raise


def _on_one_thread(training: Callable[[], T]) -> T:
    import tensorflow as tf

    with suppress(RuntimeError):  # a process that has computed already keeps its threads
        tf.config.threading.set_intra_op_parallelism_threads(1)
    return training()


def _end_with(parent: int) -> None:
    """End this process with its parent, however that ends: the next one does the same work."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOKS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
