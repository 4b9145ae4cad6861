"""The commands around models and runs: lineage, compare, doctor, drift, store, repro.

Only Typer is imported here; each command loads what it needs.
"""

from pathlib import Path
from typing import Annotated

import typer

from poreops.base.extras import needs
from poreops.cli import options as o
from poreops.cli.answer import deliver
from poreops.cli.drift_command import drift

store = typer.Typer(help="The MLflow store of a repository.", rich_markup_mode=None)


def add(app: typer.Typer) -> None:
    """Add the commands to the command line.

    Parameters
    ----------
    app : that gets them
    """
    for command in (lineage, compare, doctor, repro, drift):
        app.command()(command)
    app.add_typer(store, name="store")


def lineage(
    what: Annotated[
        str | None,
        typer.Argument(
            help="A model (models:/conductance@champion), a file of the pipeline, or its md5.  "
            "[default: the whole run]",
            show_default=False,
        ),
    ] = None,
    crate: Annotated[
        Path | None,
        typer.Option("--crate", help="Folder for a Workflow Run RO-Crate of it, new or empty."),
    ] = None,
    as_json: o.Json = False,
) -> None:
    """Say where a model comes from and how it is made again, or what becomes of a file."""
    from poreops.cli import platform_jobs, platform_text

    needs("pipeline", "a lineage")
    deliver(
        lambda _: platform_jobs.lineage(what, crate), platform_text.lineage_text, as_json=as_json
    )


def compare(
    first: Annotated[
        str, typer.Argument(help="Run: its id, its name, a DVC experiment, or a model's URI.")
    ],
    second: Annotated[str, typer.Argument(help="Another one.")],
    as_json: o.Json = False,
) -> None:
    """Say what differs between two runs: parameters, metrics, data and code."""
    from poreops.cli import platform_jobs, platform_text

    needs("pipeline", "a comparison of runs")
    deliver(
        lambda _: platform_jobs.compare(first, second), platform_text.compare_text, as_json=as_json
    )


def doctor(
    fix: Annotated[bool, typer.Option("--fix", help="Do what needs no decision.")] = False,
    deep: Annotated[
        bool, typer.Option("--deep", help="Compare every file of DVC's cache with its digest.")
    ] = False,
    as_json: o.Json = False,
) -> None:
    """Look at environment, DVC, MLflow, studies and disk, and say what to do; 1 if some fail."""
    from poreops.cli import platform_jobs, platform_text

    needs("pipeline", "a look at the pipeline")
    bad = False

    def look(_: Path | None) -> platform_jobs.Answer:
        nonlocal bad
        answer = platform_jobs.doctor(fix=fix, deep=deep)
        bad = answer.results["bad"] > 0
        return answer

    deliver(look, platform_text.doctor_text, as_json=as_json)
    if bad:
        raise typer.Exit(1)


@store.command()
def relocate(
    old: Annotated[
        str | None,
        typer.Option("--from", help="Folder that the paths begin with.  [default: as noted]"),
    ] = None,
    as_json: o.Json = False,
) -> None:
    """Let the paths in a moved store be those of its place, and check every model's files."""
    from poreops.cli import platform_jobs, platform_text

    needs("pipeline", "the registry of models")
    bad = False

    def move(_: Path | None) -> platform_jobs.Answer:
        nonlocal bad
        answer = platform_jobs.relocate(old)
        bad = bool(answer.results["broken"])
        return answer

    deliver(move, platform_text.relocate_text, as_json=as_json)
    if bad:
        raise typer.Exit(1)


def repro(
    stages: Annotated[
        list[str] | None, typer.Argument(help="Stages to come to.  [default: all]")
    ] = None,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", help="How many stages run at once.", min=1)
    ] = 1,
) -> None:
    """Run the pipeline of the repository around, as make repro does."""
    from poreops.cli import platform_jobs

    needs("pipeline", "the pipeline")
    raise typer.Exit(platform_jobs.repro(stages or [], jobs))
