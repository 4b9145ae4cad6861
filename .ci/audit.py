"""Ask OSV.dev for known vulnerabilities of the locked packages: one request, no dependency.

    python3 .ci/audit.py [--strict] [--url URL] [LOCK]

What is found is a warning, and with --strict an error. Without a network, or an answer within ten
seconds, it says that nothing was audited and is content.
"""

import argparse
import http.client
import json
import re
import sys
import urllib.request
from pathlib import Path

URL = "https://api.osv.dev/v1/querybatch"
SECONDS = 8.0


def locked(text: str) -> list[tuple[str, str]]:
    """Return name and version of each package of a lock; one may stand there for each platform."""
    return sorted(set(re.findall(r"(?m)^([A-Za-z0-9._-]+)==([^\s;\\]+)", text)))


def vulnerabilities(
    packages: list[tuple[str, str]], url: str = URL
) -> dict[tuple[str, str], list[str]]:
    """Return package → ids of its known vulnerabilities; raises OSError or ValueError without."""
    queries = [
        {"package": {"name": name, "ecosystem": "PyPI"}, "version": version}
        for name, version in packages
    ]
    request = urllib.request.Request(
        url, json.dumps({"queries": queries}).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:
        results = json.load(answer)["results"]
    found = zip(packages, results, strict=True)
    return {
        package: [one["id"] for one in result["vulns"]]
        for package, result in found
        if result.get("vulns")
    }


def say(text: str) -> None:
    """Print a line."""
    sys.stdout.write(f"audit: {text}\n")


def main() -> int:
    """Print what is known; return the exit status."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("lock", nargs="?", type=Path, default=Path("requirements.txt"))
    asked.add_argument("--strict", action="store_true")
    asked.add_argument("--url", default=URL)
    given = asked.parse_args()
    packages = locked(given.lock.read_text(encoding="utf-8"))
    try:
        found = vulnerabilities(packages, given.url)
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        say(f"nothing was audited, {given.url} gave no answer ({error})")
        return 0
    for (name, version), ids in found.items():
        say(f"{name} {version} has known vulnerabilities: {', '.join(ids)}")
    say(f"{len(found)} of {len(packages)} packages have known vulnerabilities")
    return int(given.strict and bool(found))


if __name__ == "__main__":
    sys.exit(main())
