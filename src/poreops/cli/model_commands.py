"""The commands of the registry: `poreops models ...` and `poreops serve`.

Only Typer is imported here; each command loads what it needs.
"""

from pathlib import Path
from typing import Annotated

import typer

from poreops.cli import options as o
from poreops.cli.answer import deliver

Uri = Annotated[
    str,
    typer.Argument(help="E.g. models:/conductance@champion, models:/conductance/latest."),
]
AnyUri = Annotated[
    str | None,
    typer.Argument(
        help="E.g. models:/conductance@champion.  [default: the models of the package]",
        show_default=False,
    ),
]
Reason = Annotated[
    str | None, typer.Option("--reason", help="Why; kept with the version.", show_default=False)
]
PublicKey = Annotated[
    Path | None,
    typer.Option(
        "--key", help="Public key that must have signed it.  [default: $POREOPS_PUBLIC_KEY]",
        show_default=False,
    ),
]  # fmt: skip

models = typer.Typer(
    name="models",
    help="Models of the registry: look, compare, promote, roll back, verify, sign.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@models.command("list")
def list_models(as_json: o.Json = False) -> None:
    """List the registered models, their champions and what the gate said."""
    from poreops.cli import model_jobs

    deliver(lambda _: model_jobs.listed(), model_jobs.listed_text, as_json=as_json)


@models.command()
def show(uri: Uri, as_json: o.Json = False) -> None:
    """Show a version: scores, nulls, the gate, lineage; of a bare NAME all its versions."""
    from poreops.cli import model_jobs

    deliver(lambda _: model_jobs.shown(uri), model_jobs.shown_text, as_json=as_json)


@models.command()
def compare(first: Uri, second: Uri, as_json: o.Json = False) -> None:
    """Compare two versions: scores, parameters, data and code that differ."""
    from poreops.cli import model_jobs

    deliver(
        lambda _: model_jobs.compared(first, second), model_jobs.compared_text, as_json=as_json
    )


@models.command()
def promote(
    uri: Uri,
    reason: Reason = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also where the gate refused it; needs --reason.")
    ] = False,
    pin: Annotated[
        bool, typer.Option("--pin", help="The gate must not replace it; needs --reason.")
    ] = False,
    as_json: o.Json = False,
) -> None:
    """Make a version the champion; a pin of an earlier one is taken away."""
    from poreops.cli import model_jobs

    deliver(
        lambda _: model_jobs.promoted(uri, reason, force=force, pin=pin),
        model_jobs.promoted_text, as_json=as_json,
    )  # fmt: skip


@models.command()
def rollback(
    name: Annotated[str, typer.Argument(help="Name of the model, e.g. conductance.")],
    reason: Reason = None,
    to: Annotated[
        int | None,
        typer.Option("--to", help="Version.  [default: the champion before]", show_default=False),
    ] = None,
    as_json: o.Json = False,
) -> None:
    """Make an earlier champion the champion again, pinned until another is promoted by hand."""
    from poreops.cli import model_jobs

    deliver(
        lambda _: model_jobs.rolled_back(name, to, reason),
        model_jobs.promoted_text, as_json=as_json,
    )  # fmt: skip


@models.command()
def verify(uri: AnyUri = None, key: PublicKey = None, as_json: o.Json = False) -> None:
    """Download again, compare every byte, check the signature, score again on its own probe.

    The models of the package (all of them, or e.g. shipped:flow) are scored on a drawn rock, and
    compared with their cards.
    """
    from poreops.cli import model_jobs, shipped_jobs

    if uri is None or uri.startswith("shipped:"):
        deliver(lambda _: shipped_jobs.verify(uri, key), shipped_jobs.verify_text, as_json=as_json)
        return
    deliver(lambda _: model_jobs.verified(uri, key), model_jobs.verified_text, as_json=as_json)


@models.command()
def sign(
    uri: Uri,
    key: Annotated[
        Path | None,
        typer.Option(
            "--key", help="Private key.  [default: $POREOPS_SIGNING_KEY]", show_default=False
        ),
    ] = None,
    as_json: o.Json = False,
) -> None:
    """Sign a version (OpenSSF model signing, ECDSA P-256); the signature lies beside its files."""
    from poreops.cli import model_jobs

    deliver(lambda _: model_jobs.signed(uri, key), model_jobs.signed_text, as_json=as_json)


@models.command()
def key(
    file: Annotated[Path, typer.Argument(help="File of the private key; .pub is the public one.")],
    as_json: o.Json = False,
) -> None:
    """Make a key to sign with."""
    from poreops.cli import model_jobs

    deliver(lambda _: model_jobs.key_made(file), model_jobs.key_text, as_json=as_json)


@models.command()
def card(uri: Uri) -> None:
    """Print the card of a version as Markdown."""
    from poreops.cli import model_jobs

    deliver(lambda _: model_jobs.carded(uri), model_jobs.card_text, as_json=False)


def serve(
    uri: Uri,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", "-p", min=1, max=65535)] = 8000,
    key: PublicKey = None,
    rows: Annotated[
        int | None, typer.Option("--rows", help="Of one request.", min=1, show_default=False)
    ] = None,
    pixels: Annotated[
        int | None, typer.Option("--pixels", help="Of one request.", min=1, show_default=False)
    ] = None,
    memory: Annotated[
        float | None,
        typer.Option("--memory", help="Of one request, GiB.", min=0.001, show_default=False),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option("--seconds", help="Of one request.", min=0.001, show_default=False),
    ] = None,
    body: Annotated[float, typer.Option("--body", help="Of one request, MiB.", min=0.001)] = 64,
    at_once: Annotated[int, typer.Option("--at-once", help="Requests in work.", min=1)] = 1,
    waiting: Annotated[int, typer.Option("--waiting", help="Requests that wait.", min=0)] = 64,
    grace: Annotated[
        float, typer.Option("--grace", help="Seconds for work in hand when told to stop.", min=0)
    ] = 10,
) -> None:
    """Serve a model over HTTP: MLflow's protocol, with limits, and arrays as npz or TIFF."""
    from poreops.cli import serve_job

    limits = {"rows": rows, "pixels": pixels, "seconds": seconds}
    limits["memory"] = None if memory is None else int(memory * 2**30)
    serve_job.serve(
        uri, host, port, key,
        limits=limits, body=int(body * 2**20), at_once=at_once, waiting=waiting, grace=grace,
    )  # fmt: skip


def mlflow(context: typer.Context) -> None:
    """Run MLflow's own command on the store of this clone: poreops mlflow artifacts list ..."""
    from poreops.mlops.tracking.connection import run_mlflow

    run_mlflow(context.args)
