"""Results of the commands around models and runs, for a terminal."""

from poreops.cli.answer import Results

_DIGEST = 8  # characters of a digest that a person reads
_MARKS = {"ok": "ok", "warn": "warn", "bad": "BAD"}


def lineage_text(results: Results) -> str:
    """Return the results of `lineage` for a terminal.

    Parameters
    ----------
    results : of `lineage`
    """
    if "to" in results:
        lines = _to(results["to"])
    elif "from" in results:
        lines = _from(results["from"])
    else:
        lines = [
            f"{name:<24}  {', '.join(f'{path} {md5[:_DIGEST]}' for path, md5 in made.items())}"
            for name, made in results["stages"].items()
        ]
        lines += ["", results["digest"]]
    if "crate" in results:
        lines += ["", f"crate     {results['crate']}"]
    return "\n".join(lines)


def _to(way: Results) -> list[str]:
    aliases = "".join(f" @{alias}" for alias in way["aliases"])
    commit = (way["commit"] or "unknown")[:12] + " with uncommitted changes" * way["dirty"]
    lines = [
        f"model     {way['model']} version {way['version']}{aliases}",
        f"sha256    {way['sha256']}",
        f"run       {way['run']}",
        f"commit    {commit}; stages as in {way['lock']}",
        f"lineage   {way['digest']}",
        "",
    ]
    seen: set[str] = set()
    last = list(way["stages"])[-1]
    lines += _tree(way["stages"], last, "", "", seen)
    if way["differs"]:
        lines += ["", *(f"changed since: {path}" for path in way["differs"])]
    return [*lines, "", "make it again:", *(f"  {command}" for command in way["commands"])]


def _tree(stages: Results, name: str, mark: str, indent: str, seen: set[str]) -> list[str]:
    """Return a stage and, set in, those that it needs; each is opened once."""
    made = ", ".join(f"{path} {md5[:_DIGEST]}" for path, md5 in stages[name]["made"].items())
    if name in seen:
        return [f"{mark}{name} (above)"]
    seen.add(name)
    lines = [f"{mark}{name}  → {made}"]
    needs = stages[name]["needs"]
    for place, need in enumerate(needs):
        last = place == len(needs) - 1
        below = indent + ("   " if last else "│  ")
        lines += _tree(stages, need, indent + ("└─ " if last else "├─ "), below, seen)
    return lines


def _from(way: Results) -> list[str]:
    lines = [f"file      {path}" for path in way["paths"]]
    lines += [f"made by   {', '.join(way['made_by']) or 'nothing: it is an input'}"]
    lines += [f"read by   {', '.join(way['stages']) or 'nothing'}", ""]
    lines += [f"result    {path}" for path in way["results"]]
    for model in way["models"]:
        aliases = "".join(f" @{alias}" for alias in model["aliases"])
        state = {True: "", False: "  (of another state of it)", None: "  (state not noted)"}
        lines.append(
            f"model     {model['model']}{aliases}  run {model['run']}{state[model['same']]}"
        )
    return lines


def compare_text(results: Results) -> str:
    """Return the results of `compare` for a terminal.

    Parameters
    ----------
    results : of `compare`
    """
    lines = [
        f"{mark}  {run['id'][:_DIGEST]}  {run['name']}  ({run['experiment']}, {run['status']})"
        for mark, run in zip("ab", results["runs"], strict=True)
    ]
    for kind in ("params", "metrics", "data", "tags"):
        differing, same = results[kind], results["same"][kind]
        lines += ["", f"{kind}: {len(differing)} differ, {same} are the same"]
        for name, (mine, theirs) in differing.items():
            change = ""
            if kind == "metrics" and None not in (mine, theirs):
                change = f"   ({theirs - mine:+.4g})"
            lines.append(f"  {name}   {_value(mine)} → {_value(theirs)}{change}")
    code = results["code"]
    lines += ["", "code: the same" if not code else "code:"]
    if "commits" in code:
        lines.append(f"  {code['see']}")
    lines += [f"  {line}" for line in code.get("patch", [])]
    return "\n".join(lines)


def _value(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def doctor_text(results: Results) -> str:
    """Return the results of `doctor` for a terminal.

    Parameters
    ----------
    results : of `doctor`
    """
    lines = []
    for found in results["findings"]:
        lines.append(f"{_MARKS[found['state']]:<5} {found['what']:<10}  {found['said']}")
        if found["state"] != "ok":
            told = found.get("fixed") or found.get("remedy", "")
            lines.append(f"{'':<18}→ {told}" + (f" ({found['fix']})" if "fix" in found else ""))
    bad = results["bad"]
    lines += ["", "nothing will fail" if not bad else f"{bad} will fail"]
    return "\n".join(lines)


def relocate_text(results: Results) -> str:
    """Return the results of `store relocate` for a terminal.

    Parameters
    ----------
    results : of `store relocate`
    """
    lines = [
        f"store     {results['database']}",
        f"changed   {results['changed']} paths",
        f"models    {results['whole']} versions are whole",
    ]
    return "\n".join([*lines, *(f"BROKEN    {text}" for text in results["broken"])])
