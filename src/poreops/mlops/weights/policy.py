"""The arithmetic that layers are built with."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def built_with(policy: str) -> Iterator[None]:
    """Build layers under another precision policy and put the old one back.

    Parameters
    ----------
    policy : name that Keras knows, as "mixed_float16"
    """
    import keras

    before = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy(policy)
    try:
        yield
    finally:
        keras.mixed_precision.set_global_policy(before)
