"""The place of the champion, and whether a person or `promote` put the version there."""

from collections.abc import Mapping

from poreops.mlops.tracking.connection import client, plain_errors, reader
from poreops.mlops.tracking.versions import CHAMPION, ModelVersion, note, set_alias

_SET = "champion.set"  # of a registered model: the version that was promoted last


def promote(version: ModelVersion, tags: Mapping[str, object] | None = None) -> None:
    """Make this version the champion; the gate is the caller's.

    Parameters
    ----------
    version : ModelVersion
    tags : of it, which say why
    """
    note(version, tags or {})
    # both are noted while the alias moves: of a process that is killed meanwhile the gate must not
    # think that a person moved it
    _note(version, f"{_noted(version) or ''} {version.version}")
    set_alias(version, CHAMPION)
    _note(version, str(version.version))


def moved_by_hand(champion: ModelVersion) -> bool:
    """Say whether somebody else than `promote` made this version the champion.

    Parameters
    ----------
    champion : version that is one now
    """
    noted = _noted(champion)
    return noted is not None and str(champion.version) not in noted.split()


def _noted(version: ModelVersion) -> str | None:
    with plain_errors():
        found: str | None = reader().get_registered_model(version.name).tags.get(_SET)
    return found


def _note(version: ModelVersion, numbers: str) -> None:
    with plain_errors():
        client().set_registered_model_tag(version.name, _SET, numbers.strip())
