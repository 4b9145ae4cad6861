"""Units that people write beside SI."""

MILLIDARCY = 9.869233e-16
"""A millidarcy [m²]."""


def length_unit(metres: float) -> tuple[str, float]:
    """Return the unit that suits a length, and how many of it make a metre.

    Parameters
    ----------
    metres : length [m]

    Returns
    -------
    (str, float)

    Examples
    --------
    >>> length_unit(2e-6)
    ('µm', 1000000.0)
    """
    for unit, scale in (("m", 1.0), ("mm", 1e3), ("µm", 1e6)):
        if metres * scale >= 1:
            return unit, scale
    return "nm", 1e9
