"""What the commands of the registry print."""

from collections.abc import Iterable, Sequence

from poreops.cli.answer import Results


def listed_text(results: Results) -> str:
    """Return the table of registered models.

    Parameters
    ----------
    results : of `models list`
    """
    if not results["models"]:
        return "no models are registered; make some with: make repro"
    rows = [
        (
            each["name"],
            each["versions"],
            each["newest"],
            f"{each['champion'] or 'none'}{' (pinned)' if each['pinned'] else ''}",
            _shortened(each["gate"]),
        )
        for each in results["models"]
    ]
    return _table(("model", "versions", "newest", "champion", "gate, of the newest"), rows)


def shown_text(results: Results) -> str:
    """Return a version line by line, or the table of all versions.

    Parameters
    ----------
    results : of `models show`
    """
    if "versions" in results:
        rows = [
            (
                each["version"],
                ", ".join(each["aliases"]),
                " ".join(f"{k} {v:.4g}" for k, v in list(each["scores"].items())[:3]),
                _shortened(each["gate"]),
            )
            for each in results["versions"]
        ]
        return _table(("version", "aliases", "scores", "gate"), rows)
    version = results["version"]
    lines = [
        results["uri"],
        f"aliases   {', '.join(version['aliases']) or 'none'}",
        f"gate      {version['gate']}",
        f"promoted  {version['promoted'] or 'no'}",
        f"commit    {version['commit']}",
        f"run       {version['run']}",
        f"trained   {version['training_run'] or 'its run is not noted'}",
        *_parent_lines(version["tags"]),
        "",
    ]
    others = version["nulls"] | version["ablation"]
    rows = [
        (name, f"{value:.6g}", *(_number(other.get(name)) for other in others.values()))
        for name, value in version["scores"].items()
    ]
    if rows:
        lines += [_table(("score", "model", *others), rows), ""]
    lines += [f"{path}  md5 {md5}" for path, md5 in version["made_from"].items()]
    return "\n".join(lines).rstrip()


def _parent_lines(tags: Results) -> list[str]:
    """Return what a fine-tuned model comes from."""
    if "finetuned.parent" not in tags:
        return []
    return [f"parent    {tags['finetuned.parent']}, fine-tuned to {tags['finetuned.rock']}"]


def compared_text(results: Results) -> str:
    """Return what differs between two versions.

    Parameters
    ----------
    results : of `models compare`
    """
    first, second = results["versions"]
    rows = [(name, *map(_number, pair)) for name, pair in sorted(results["scores"].items())]
    lines = [_table(("score", first, second), rows)]
    for part in ("params", "training", "data", "code"):
        differing = results[part]
        lines.append(f"\n{part}: {'the same' if not differing else ''}".rstrip())
        lines += [f"  {name}: {a} | {b}" for name, (a, b) in differing.items()]
    return "\n".join(lines)


def promoted_text(results: Results) -> str:
    """Return who is champion now.

    Parameters
    ----------
    results : of `models promote` or `models rollback`
    """
    pinned = ", pinned" if results["pinned"] else ""
    before = results["before"]
    return (
        f"{results['name']}: version {results['champion']} is champion{pinned} "
        f"(before: {before if before is not None else 'none'}); {results['reason']}"
    )


def verified_text(results: Results) -> str:
    """Return what was verified.

    Parameters
    ----------
    results : of `models verify`
    """
    scores = ", ".join(f"{name} {value:.6g}" for name, value in results["probe"].items())
    again = "as registered" if results["compared"] else "nothing noted to compare with"
    return (
        f"{results['uri']}\nfiles      {results['files']}\nsignature  {results['signature']}\n"
        f"probe      {scores}: {again}"
    )


def signed_text(results: Results) -> str:
    """Return what was signed.

    Parameters
    ----------
    results : of `models sign`
    """
    return f"{results['uri']}: signed with {results['key']}"


def key_text(results: Results) -> str:
    """Return where the keys are.

    Parameters
    ----------
    results : of `models key`
    """
    return (
        f"private key {results['private']}: keep it, POREOPS_SIGNING_KEY names it\n"
        f"public key  {results['public']}: give it away, POREOPS_PUBLIC_KEY names it"
    )


def card_text(results: Results) -> str:
    """Return the card.

    Parameters
    ----------
    results : of `models card`
    """
    return str(results["card"]).rstrip()


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _shortened(text: str | None) -> str:
    text = text or ""
    return text if len(text) <= 60 else f"{text[:57]}..."


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    cells = [[str(cell) if cell is not None else "" for cell in row] for row in (head, *rows)]
    widths = [max(len(row[k]) for row in cells) for k in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )
