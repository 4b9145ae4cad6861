"""Run `dvc repro` and say after each stage what it took and what is left.

    python pipelines/repro.py [-j N] [STAGE ...]

    [8/32] conductance_train  1 min 40 s · about 9 min left

DVC's own output passes through, its exit status is kept, and Ctrl-C reaches it as it always does.
Where nobody watches (no terminal, or CI is set) there is `dvc repro` and nothing else. With -j
several stages run at once (turns.py). First, what the registry no longer holds is forgotten here
too, so that it is registered again, and so is what DVC would take from its cache with other bytes.

What is left is known from the last run with the same params.yaml on this machine, kept in
.dvc/tmp/stage_seconds.json, or else from seconds.json beside this file. Both are scaled by how
fast this run has been so far.
"""

import argparse
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from poreops.errors import exit_on_input_error

KEPT, SHIPPED = Path(".dvc/tmp/stage_seconds.json"), Path(__file__).with_name("seconds.json")
UNKNOWN = 10.0  # seconds of a stage that nobody has timed
TRUSTED = 60.0  # seconds of this run that weigh as much as all that was known before it

_STARTS = re.compile(r"Running stage '([^']+)':")
_SKIPPED = re.compile(r"Stage '([^']+)' (?:didn't change, skipping|is cached - skipping run)")
_DONE = re.compile(r"(?:Updating|Generating) lock file ")


class Progress:
    """Follows the lines of `dvc repro`.

    Parameters
    ----------
    stages : names of all
    expected : stage → seconds, of those that are known

    Attributes
    ----------
    measured : stage → seconds, of those that ran to their end
    """

    def __init__(self, stages: list[str], expected: Mapping[str, float]) -> None:
        self.expected = {name: expected.get(name, UNKNOWN) for name in stages}
        self.left = dict.fromkeys(stages)  # ordered, without doubles
        self.measured: dict[str, float] = {}
        self._running: tuple[str, float] | None = None
        self._skipped = False

    def follow(self, line: str, now: float) -> Iterator[str]:
        """Take a line that DVC has written; yield what is to be said after it."""
        started, skipped = _STARTS.match(line), _SKIPPED.match(line)
        if started or skipped or _DONE.match(line):
            yield from self.ended(now)
        if skipped:
            self._skipped = True
            self.left.pop(skipped[1], None)
        if started:
            self._running = started[1], now

    def ended(self, now: float) -> Iterator[str]:
        """Say what the stage that was running took: DVC goes on only after a success."""
        if self._running is None:
            return
        (name, start), self._running = self._running, None
        self.left.pop(name, None)
        self.measured[name] = now - start
        place = f"[{len(self.expected) - len(self.left)}/{len(self.expected)}]"
        said = f"{place} {name}  {duration(now - start)}"
        if self.left:
            # stages that did not change are known only once DVC comes to them
            bound = "at most" if self._skipped else "about"
            said += f" · {bound} {rounded(self.remaining())} left"
        yield said

    def remaining(self) -> float:
        """Return the seconds that the stages left may take."""
        known = sum(self.expected.get(name, UNKNOWN) for name in self.measured)
        pace = (TRUSTED + sum(self.measured.values())) / (TRUSTED + known)
        return pace * sum(self.expected[name] for name in self.left)


def duration(seconds: float) -> str:
    """Write a time as a person says it.

    Examples
    --------
    >>> duration(4.2), duration(100), duration(3720)
    ('4 s', '1 min 40 s', '1 h 2 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def rounded(seconds: float) -> str:
    """Write an estimate without digits that it does not have.

    Examples
    --------
    >>> rounded(3), rounded(47), rounded(550), rounded(7000)
    ('10 s', '50 s', '9 min', '1 h 57 min')
    """
    if seconds < 55:
        return f"{max(10, 10 * round(seconds / 10))} s"
    if seconds < 3570:
        return f"{max(1, round(seconds / 60))} min"
    return duration(60 * round(seconds / 60))


def watched() -> bool:
    """Tell whether a person looks at the output."""
    return sys.stdout.isatty() and os.environ.get("CI", "").lower() in ("", "0", "false")


def parameters() -> str:
    """Return the digest of params.yaml: times of one profile are not those of another."""
    path = Path("params.yaml")
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.exists() else "none"


def read(path: Path) -> dict[str, dict[str, float]]:
    """Return parameters → stage → seconds; nothing of a file that is missing or broken."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {
            name: {stage: float(seconds) for stage, seconds in times.items()}
            for name, times in content.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def known(name: str) -> dict[str, float]:
    """Return the seconds of the stages that somebody has timed, with these parameters if ever."""
    return read(SHIPPED).get("shipped", {}) | read(KEPT).get(name, {})


def keep(name: str, measured: Mapping[str, float]) -> None:
    """Put the times of this run beside those of earlier ones."""
    kept = read(KEPT)
    kept[name] = kept.get(name, {}) | {stage: round(s, 1) for stage, s in measured.items()}
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    temporary = KEPT.with_suffix(".part")
    temporary.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    temporary.replace(KEPT)


def shown(command: list[str], progress: Progress) -> int:
    """Run a command, pass its output on with what `progress` says of it; return its status."""
    # The terminal sends Ctrl-C to DVC too: here is nothing to do but wait until DVC has cleaned
    # up. A handler, since DVC would inherit that a signal is ignored.
    signal.signal(signal.SIGINT, lambda *_: None)
    # without a terminal Python would keep what a stage prints until the stage ends
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    assert process.stdout is not None
    begun = b""
    while piece := os.read(process.stdout.fileno(), 65536):
        for part in piece.splitlines(keepends=True):
            write(part)
            begun += part
            if part.endswith(b"\n"):
                for said in progress.follow(begun.decode(errors="replace"), time.monotonic()):
                    write(f"{said}\n".encode())
            if part.endswith((b"\n", b"\r")):
                begun = b""
    status = process.wait()
    if status == 0:
        for said in progress.ended(time.monotonic()):
            write(f"{said}\n".encode())
    return status if status >= 0 else 128 - status


def write(text: bytes) -> None:
    """Write to the terminal at once."""
    sys.stdout.buffer.write(text)
    sys.stdout.buffer.flush()


def forget() -> None:
    """Drop the notes of models that are no longer in the registry: their stages run again."""
    if not any(Path("mlflow/registered").glob("*.json")):
        return
    from poreops.mlops.tracking import forgotten, tracking_uri

    for note in forgotten():
        note.unlink()
        write(f"{note.stem} is not in {tracking_uri()}: it is registered again\n".encode())


def discard() -> None:
    """Drop damaged files from which DVC would restore an output: their stages run again."""
    if not Path(".dvc/cache").is_dir():
        return
    from poreops.mlops.doctor.pipeline import rotten

    for file in rotten(Path()):
        file.unlink()
        write(f"{file} was damaged: what it held is made again\n".encode())


def main() -> None:
    """Run `dvc repro` in this folder."""
    asked = argparse.ArgumentParser(prog="make repro", description=__doc__.splitlines()[0])
    asked.add_argument("-j", "--jobs", type=int, default=1)
    asked.add_argument("stages", nargs="*")
    given = asked.parse_args()
    with exit_on_input_error():
        forget()
        discard()
    if given.jobs > 1:
        sys.exit(in_waves(given.jobs, given.stages))
    command = ["dvc", "repro", *given.stages]
    listed = None
    if watched():
        listing = ["dvc", "stage", "list", "--name-only"]
        listed = subprocess.run(listing, capture_output=True, text=True, check=False)
    if listed is None or listed.returncode != 0:  # DVC says itself what is wrong
        os.execvp(command[0], command)
    name = parameters()
    progress = Progress(listed.stdout.split("\n")[:-1], known(name))
    status = shown(command, progress)
    if progress.measured:
        keep(name, progress.measured)
    sys.exit(status)


def in_waves(jobs: int, stages: list[str]) -> int:
    """Run several stages at once and say what each took; return the exit status."""
    import turns

    count = 0

    def ended(name: str, seconds: float) -> None:
        nonlocal count
        count += 1
        turns.say(f"[{count}] {name}  {duration(seconds)}")

    return turns.reproduce(jobs, stages, known(parameters()), ended)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:  # before DVC runs
        sys.exit(130)
