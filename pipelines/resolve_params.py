"""Write artifacts/params.yaml: params.yaml with its profile merged in, validated.

With `--profile NAME` set the line `profile:` of params.yaml instead and check that it resolves.
"""

import argparse
from pathlib import Path

from poreops.base.files import write_yaml
from poreops.errors import exit_on_input_error
from poreops.params import RESOLVED, resolve, select_profile

PARAMS, PROFILES = Path("params.yaml"), Path("profiles")


def main() -> None:
    """Resolve the parameters of the folder that the command runs in."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", help="set this profile in params.yaml")
    profile = parser.parse_args().profile
    if profile is not None:
        select_profile(profile, PARAMS, PROFILES)
        print(f"profile {resolve(PARAMS, PROFILES).profile}: set in {PARAMS}")
    else:
        write_yaml(RESOLVED, resolve(PARAMS, PROFILES).model_dump(mode="json"))


if __name__ == "__main__":
    with exit_on_input_error():
        main()
