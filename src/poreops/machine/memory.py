"""Say beforehand whether a job fits in memory."""

from pathlib import Path

from poreops.errors import InputError

_UNLIMITED = 1 << 60  # cgroup v1 writes a huge number for "no limit"


def available_memory() -> int | None:
    """Return the bytes that this process may still take; None where the system does not say.

    The smaller of the machine's free memory and what the container's limit (cgroup v2 or v1)
    leaves.
    """
    candidates = [_machine_available(), _container_available()]
    known = [value for value in candidates if value is not None]
    return min(known) if known else None


def require_memory(need: int, what: str, remedy: str) -> None:
    """Raise `InputError` if `need` bytes are more than the memory left.

    Parameters
    ----------
    need : int
        Bytes that the job takes at its peak.
    what : str
        The job, as the subject of "needs".
    remedy : str
        What the user can do instead.
    """
    free = available_memory()
    if free is not None and need > free:
        raise InputError(
            f"a job must fit in memory: {what} needs about {readable_bytes(need)}, "
            f"{readable_bytes(free)} are free; {remedy}"
        )


def readable_bytes(count: float) -> str:
    """Return a number of bytes with a binary unit.

    Parameters
    ----------
    count : number of bytes

    Examples
    --------
    >>> readable_bytes(64_000_000), readable_bytes(3 * 2**40)
    ('61.0 MiB', '3.0 TiB')
    """
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def _machine_available() -> int | None:
    for line in _lines("/proc/meminfo"):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _container_available() -> int | None:
    files = (
        ("/sys/fs/cgroup", "memory.max", "memory.current"),
        ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
    )
    for folder, limit_name, used_name in files:
        limit, used = _lines(f"{folder}/{limit_name}"), _lines(f"{folder}/{used_name}")
        if limit and used and limit[0].isdigit() and int(limit[0]) < _UNLIMITED:
            # the page cache counts as used but is given back on demand
            statistics = dict(line.split() for line in _lines(f"{folder}/memory.stat"))
            cache = int(statistics.get("inactive_file", 0))
            return max(int(limit[0]) - int(used[0]) + cache, 0)
    return None


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="ascii").splitlines()
    except OSError:
        return []
