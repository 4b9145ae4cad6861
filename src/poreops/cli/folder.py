"""Write a folder of results whole or not at all, by one run at a time, over its own files only."""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from poreops.base.files import read_json, sha256, write_json
from poreops.errors import InputError

# moved last: where it stands, the results are complete
LAST_FILE = "results.json"
# names the files that a run wrote, with their digests, so that the next one replaces only these
MANIFEST = "manifest.json"

_PART, _LOCK = ".poreops.part", ".poreops.lock"


@contextmanager
def output_folder(out: str | Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Yield a temporary folder whose files appear in `out` only if the block succeeds.

    A new folder appears by one rename. With ``overwrite`` the files of the earlier run are
    removed and the new ones moved in, `results.json` last; files that no run wrote, or that were
    changed since, stay as they are. What a killed run left beside or in `out` is removed.

    Parameters
    ----------
    out : where the results are to be
    overwrite : replace the files that an earlier run wrote

    Raises
    ------
    InputError
        The folder cannot be written, is not empty, or another run writes into it: found before
        the block runs. A new file would replace one that no run wrote: found after it.
    """
    target = Path(out).resolve()
    place = target if target.is_dir() else target.parent
    made = [folder for folder in (place, *place.parents) if not folder.exists()]
    temporary = place / f".{target.name}{_PART}"
    # a little patience: a run that cleans up after a killed one holds its lock for a moment
    lock = FileLock(place / f".{target.name}{_LOCK}", timeout=1)
    try:
        try:
            if target.exists() and not target.is_dir():
                raise NotADirectoryError(20, "it is a file")
            place.mkdir(parents=True, exist_ok=True)
            _remove_dead(place)
            lock.acquire()
            temporary.mkdir()
        except Timeout:
            raise InputError(
                f"one run at a time may write into a folder, another one writes into {out}; wait "
                "for it or choose another folder with -o"
            ) from None
        except OSError as error:
            raise InputError(
                f"the output folder must be writable, got {out} ({error.strerror}); choose "
                "another with -o or change its rights"
            ) from None
        _check_free(target, out, overwrite)
        yield temporary
        _publish(temporary, target, out, overwrite)
    finally:
        if lock.is_locked:
            shutil.rmtree(temporary, ignore_errors=True)
            _release(lock)
        for folder in made:
            with suppress(OSError):
                folder.rmdir()  # only if it is empty


def _remove_dead(place: Path) -> None:
    """Remove what runs left that were killed: their locks died with them."""
    for path in place.glob(f".*{_LOCK}"):
        lock = FileLock(path, blocking=False)
        with suppress(OSError, Timeout):  # alive, or another user's
            lock.acquire()
            shutil.rmtree(path.with_name(path.name.removesuffix(_LOCK) + _PART), True)
            _release(lock)


def _release(lock: BaseFileLock) -> None:
    """Remove the file while it is locked: who waits for it sees that it is gone."""
    with suppress(OSError):
        Path(lock.lock_file).unlink()
    lock.release()


def _check_free(target: Path, out: str | Path, overwrite: bool) -> None:
    """Refuse a folder with files in it, or one where `results.json` is not of an earlier run."""
    if not target.is_dir():
        return
    if overwrite:
        _refuse_strangers(target, out, [LAST_FILE, MANIFEST], _earlier(target))
        return
    found = [path for path in sorted(target.iterdir()) if not path.name.endswith((_PART, _LOCK))]
    if found:
        raise InputError(
            f"the output folder must be new or empty, {out} holds {len(found)} file(s), "
            f"{found[0].name} is one; choose another with -o, or give --overwrite to replace the "
            "files of an earlier run"
        )


def _publish(temporary: Path, target: Path, out: str | Path, overwrite: bool) -> None:
    digests = {path.name: sha256(path) for path in sorted(temporary.iterdir())}
    write_json(temporary / MANIFEST, {"written_by": "poreops", "sha256": digests})
    if not target.is_dir():
        temporary.rename(target)
        return
    _check_free(target, out, overwrite)  # somebody may have put files there meanwhile
    earlier = _earlier(target)
    _refuse_strangers(target, out, digests, earlier)
    # the old manifest stands until all that it names is gone, results.json first
    for name in sorted(earlier, key=lambda name: name != LAST_FILE):
        (target / name).unlink()
    for name in (MANIFEST, *sorted(digests, key=lambda name: name == LAST_FILE)):
        (temporary / name).replace(target / name)


def _earlier(target: Path) -> dict[str, Path]:
    """Return the files that the earlier run wrote and nobody changed since."""
    return {
        name: target / name
        for name, digest in (_manifest(target) or {}).items()
        if Path(name).name == name
        and (target / name).is_file()
        and sha256(target / name) == digest
    }


def _manifest(target: Path) -> Mapping[str, str] | None:
    """Return name → digest of what the earlier run wrote; None if no run wrote here."""
    try:
        content = read_json(target / MANIFEST)
    except (InputError, OSError, UnicodeDecodeError):
        return None
    if not isinstance(content, dict) or content.get("written_by") != "poreops":
        return None
    digests = content.get("sha256")
    return digests if isinstance(digests, dict) else None


def _refuse_strangers(
    target: Path, out: str | Path, names: Iterable[str], earlier: Mapping[str, Path]
) -> None:
    """Raise `InputError` if a new file would replace one that no run wrote."""
    known = earlier.keys() | (set() if _manifest(target) is None else {MANIFEST})
    strangers = [name for name in names if os.path.lexists(target / name) and name not in known]
    if strangers:
        raise InputError(
            f"only files of an earlier run may be replaced, {strangers[0]} in {out} is not one or "
            "was changed since; move it away or choose another folder with -o"
        )
