"""The arithmetic that layers are built with, and the processor it runs on."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def built_with(policy: str) -> Iterator[None]:
    """Build layers under another precision policy and put the old one back."""
    import keras

    before = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy(policy)
    try:
        yield
    finally:
        keras.mixed_precision.set_global_policy(before)


def has_gpu() -> bool:
    """Tell whether there is an accelerator, which one training at a time has for itself."""
    return Path("/dev/nvidiactl").exists()


def on_one_thread() -> None:
    """Let TensorFlow compute on one thread, unless it has begun to compute already.

    Small networks gain little by a second one: trainings side by side take the cores better. And
    the bytes of a network do not depend on how many cores there are.
    """
    import tensorflow as tf

    with suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
