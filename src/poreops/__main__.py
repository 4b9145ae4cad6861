"""Run the command: `python -m poreops`."""

from poreops.cli import main

main()
