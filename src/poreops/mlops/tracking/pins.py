"""Champions that people chose: promoted or rolled back by hand, and pinned against the gate."""

import getpass
import json
import time
from collections.abc import Sequence
from typing import NamedTuple

from poreops.errors import InputError
from poreops.mlops.tracking.champion import moved_by_hand, promote
from poreops.mlops.tracking.connection import client, plain_errors, reader
from poreops.mlops.tracking.versions import (
    GATE,
    ModelVersion,
    champion_info,
    note,
    version_of,
)

_PIN, _HISTORY = "champion.pin", "champion.history"
_KEPT = 50  # entries of the history


def held(champion: ModelVersion) -> str | None:
    """Say why the gate must leave the champion in its place; None if nothing does.

    Parameters
    ----------
    champion : version that is one now
    """
    free = f"poreops models promote models:/{champion.name}/NUMBER"
    pin = pin_of(champion.name)
    if pin is not None and pin.version == champion.version:
        return (
            f"the champion, version {champion.version}, is pinned ({pin.reason}); "
            f"promote another by hand: {free}"
        )
    if moved_by_hand(champion):
        return (
            f"the champion, version {champion.version}, was chosen by hand; "
            f"promote another, or this one for the gate to decide again: {free}"
        )
    return None


def promote_by_hand(
    version: ModelVersion, reason: str | None, *, force: bool = False, pin: bool = False
) -> None:
    """Make a version the champion, because somebody says so; who, when and why are kept.

    Parameters
    ----------
    version : ModelVersion
    reason : kept with the version; needed with `force` and `pin`
    force : also a version that the gate refused
    pin : the gate must not replace it

    Raises
    ------
    InputError
        If the gate refused the version and it is not forced, or no reason is given.
    """
    verdict = version.tags.get(GATE, "nothing")
    if verdict != "passed" and not force:
        raise InputError(
            f"a champion must have passed the gate, it said of {version.uri}: {verdict}; "
            "promote it all the same with --force --reason ..."
        )
    if (force or pin) and not (reason or "").strip():
        raise InputError("a champion by force or pinned needs a reason, got none; give --reason")
    history = champions(version.name)
    forced = {"promoted.over": verdict} if verdict != "passed" else {}
    reason = (reason or "").strip() or "by hand"
    promote(
        version,
        {"promoted": reason, "promoted.by": getpass.getuser(), "promoted.at": _now()} | forced,
    )
    with plain_errors():
        if pin:
            _set(version.name, _PIN, json.dumps({"version": version.version, "reason": reason}))
        elif _PIN in _tags(version.name):
            client().delete_registered_model_tag(version.name, _PIN)
    remember(version, history)


def roll_back(name: str, to: int | None, reason: str | None) -> tuple[ModelVersion, ModelVersion]:
    """Make an earlier champion the champion again, pinned; return the one before and the new one.

    Parameters
    ----------
    name : of the registered model
    to : number of the version; by default the champion before this one
    reason : kept with the version

    Raises
    ------
    InputError
        If there is no champion, none before it, or no reason.
    """
    now = champion_info(name)
    if to is None:
        earlier = [number for number in champions(name) if number != now.version]
        if not earlier:
            raise InputError(
                f"{name} must have had a champion before version {now.version}, none is noted; "
                "name a version with --to"
            )
        to = earlier[-1]
    version = version_of(name, to)
    if version.version == now.version:
        raise InputError(f"version {to} of {name} is the champion already; name another with --to")
    promote_by_hand(version, reason, force=True, pin=True)
    note(now, {"rolled_back": f"to version {to}: {(reason or '').strip()}"})
    return now, version_of(name, to)


def champions(name: str) -> list[int]:
    """Return the numbers of the versions that were champion, the present one last.

    Parameters
    ----------
    name : of a registered model
    """
    noted = json.loads(_tags(name).get(_HISTORY, "[]"))
    try:
        now = champion_info(name).version
    except InputError:
        return [int(number) for number in noted]
    return _appended(noted, now)


def remember(version: ModelVersion, history: Sequence[int]) -> None:
    """Note that a version follows the champions of a history.

    Parameters
    ----------
    version : the new champion
    history : numbers of the champions before it, as of `champions`
    """
    with plain_errors():
        _set(version.name, _HISTORY, json.dumps(_appended(history, version.version)[-_KEPT:]))


class Pin(NamedTuple):
    """The version that stays champion, and why."""

    version: int
    reason: str


def pin_of(name: str) -> Pin | None:
    """Return the pin of a registered model, None without one.

    Parameters
    ----------
    name : of a registered model
    """
    stated = _tags(name).get(_PIN)
    return None if stated is None else Pin(**json.loads(stated))


def _appended(history: Sequence[int], number: int) -> list[int]:
    return [*history, number] if not history or history[-1] != number else list(history)


def _tags(name: str) -> dict[str, str]:
    with plain_errors():
        return dict(reader().get_registered_model(name).tags)


def _set(name: str, key: str, value: str) -> None:
    client().set_registered_model_tag(name, key, value)


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
