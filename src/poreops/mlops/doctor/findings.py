"""What a check found."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    what : as "disk"
    state : "ok", "warn" (works, but not as well as it could), "bad" (something will fail)
    said : what was found
    remedy : what a person should do, "" where nothing is to be done
    fix : does it; None where only a person can. It returns what it did.
    """

    what: str
    state: Literal["ok", "warn", "bad"]
    said: str
    remedy: str = ""
    fix: Callable[[], str] | None = None
