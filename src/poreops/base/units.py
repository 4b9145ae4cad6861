"""Units that people write beside SI."""

MILLIDARCY = 9.869233e-16
"""A millidarcy [m²]."""
