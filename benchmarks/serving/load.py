"""Ask a served model many times at once: failures, median and 99th percentile, memory.

    poreops serve models:/conductance@champion &
    python benchmarks/serving/load.py http://127.0.0.1:8000 --requests 200 --at-once 16

Each request is the model's own example, as JSON and as npz. The memory is that of the process
that listens, on this machine.
"""

import argparse
import io
import json
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np


def main() -> None:
    """Print a line for each form of the request."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--pid", type=int, help="of the server, for its memory")
    options = parser.parse_args()
    example = get(f"{options.address}/example")
    file = io.BytesIO()
    np.savez_compressed(file, x=np.array(json.loads(example)["inputs"]))
    forms = {"JSON": (example, "application/json"), "npz": (file.getvalue(), "application/x-npz")}
    for name, (body, kind) in forms.items():
        ask(options.address, body, kind)  # the first one traces the network
        before, start = memory(options.pid), time.perf_counter()
        with ThreadPoolExecutor(options.at_once) as pool:
            asked = [
                pool.submit(ask, options.address, body, kind) for _ in range(options.requests)
            ]
            seconds = [each.result() for each in asked]
        took, failed = time.perf_counter() - start, seconds.count(None)
        answered = np.array([each for each in seconds if each is not None])
        p50, p99 = np.percentile(answered, [50, 99]) if len(answered) else (np.nan, np.nan)
        print(
            f"{name}: {len(body) / 1e3:.1f} kB, {options.requests} requests, {options.at_once} at "
            f"once, {failed} failed; p50 {p50 * 1e3:.0f} ms, p99 {p99 * 1e3:.0f} ms, "
            f"{options.requests / took:.1f} a second; memory {before:.0f} -> "
            f"{memory(options.pid):.0f} MiB"
        )


def ask(address: str, body: bytes, kind: str) -> float | None:
    """Return the seconds to an answer, None for a failure."""
    request = urllib.request.Request(f"{address}/invocations", body, {"Content-Type": kind})
    start = time.perf_counter()
    try:
        urllib.request.urlopen(request, timeout=300).close()
    except (urllib.error.URLError, OSError):
        return None
    return time.perf_counter() - start


def get(url: str) -> bytes:
    """Return what a page holds."""
    with urllib.request.urlopen(url, timeout=30) as answer:
        return bytes(answer.read())


def memory(pid: int | None) -> float:
    """Return the resident memory of a process [MiB]."""
    if pid is None:
        return float("nan")
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
