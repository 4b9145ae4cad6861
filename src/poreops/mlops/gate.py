"""The gate to the champion's place: limits of scores, and rivals that a model must beat."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Scores = Mapping[str, float]


@dataclass(frozen=True)
class Rule:
    """A score must be at least ``low`` and at most ``high``, where these are stated."""

    score: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Rival:
    """What a model must beat: a null that learned nothing, a law, or the standing champion.

    Attributes
    ----------
    scores : of the rival on the same data
    margin : the model's main score must lie below this multiple of the rival's
    """

    scores: Scores
    margin: float = 1.0


def verdict(
    scores: Scores,
    rules: Sequence[Rule],
    *,
    valid: bool,
    main: str,
    rivals: Mapping[str, Rival],
) -> list[str]:
    """Say why a model may not become champion; an empty list lets it.

    A score that is missing or not a number breaks every rule that asks for it.

    Parameters
    ----------
    scores : of the model
    rules : limits
    valid : whether the data passed its validation
    main : the score that decides against rivals, lower is better
    rivals : name → Rival

    Examples
    --------
    >>> rivals = {"a constant": Rival({"mape": 0.5}, margin=0.5)}
    >>> verdict({"mape": 0.3}, [Rule("mape", high=0.4)], valid=True, main="mape", rivals=rivals)
    ['mape 0.3 is not below 0.5 times that of a constant, 0.5']
    """
    reasons = [] if valid else ["the data did not pass its validation"]
    for rule in rules:
        found = scores.get(rule.score, math.nan)
        if rule.low is not None and not found >= rule.low:
            reasons.append(f"{rule.score} {found:.4g} is below {rule.low:g}")
        if rule.high is not None and not found <= rule.high:
            reasons.append(f"{rule.score} {found:.4g} is above {rule.high:g}")
    found = scores.get(main, math.nan)
    for name, rival in rivals.items():
        other = rival.scores.get(main, math.nan)
        if not found < rival.margin * other:
            times = "" if rival.margin == 1 else f"{rival.margin:g} times "
            reasons.append(f"{main} {found:.4g} is not below {times}that of {name}, {other:.4g}")
    return reasons
