"""Result folders are whole or absent, belong to one run, and hold no other's files."""

import json
import os
import stat
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poreops.cli.result_files import output_folder
from poreops.errors import InputError

NAMES = st.sampled_from(["results.json", "pores.csv", "a.tif", "b.tif", "manifest.json"])
FILES = st.dictionaries(NAMES.filter(lambda name: name != "manifest.json"), st.binary(max_size=9))


def write(out, files, *, overwrite=False):
    with output_folder(out, overwrite=overwrite) as folder:
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode()
            (folder / name).write_bytes(data)


def content(out):
    """Every file of a folder but the manifest."""
    return {path.name: path.read_bytes() for path in out.iterdir() if path.name != "manifest.json"}


def test_folder_appears_only_on_success(tmp_path):
    out = tmp_path / "deep" / "out"
    with output_folder(out) as folder:
        (folder / "a.txt").write_text("a")
        assert not out.exists()
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a.txt", "deep", "manifest.json", "out"]
    assert stat.S_IMODE(out.stat().st_mode) == 0o777 & ~_umask()


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize("existing", [False, True])
def test_nothing_is_written_on_an_error(tmp_path, existing):
    out = tmp_path / "deep" / "out"
    if existing:
        write(out, {"results.json": "old"})
    before = sorted(tmp_path.rglob("*"))

    def fail(folder):
        (folder / "results.json").write_text("new")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), output_folder(out, overwrite=existing) as folder:
        fail(folder)
    assert sorted(tmp_path.rglob("*")) == before
    if existing:
        assert content(out) == {"results.json": b"old"}


def test_a_folder_with_files_is_refused_before_the_block_runs(tmp_path):
    (tmp_path / "rock.tif").write_text("mine")
    with (
        pytest.raises(
            InputError, match=r"must be new or empty, .* rock.tif is one; .*--overwrite"
        ),
        output_folder(tmp_path),
    ):
        pytest.fail("the block ran")
    assert content(tmp_path) == {"rock.tif": b"mine"}


def test_an_empty_folder_is_filled(tmp_path):
    write(tmp_path, {"a.txt": "a"})
    assert content(tmp_path) == {"a.txt": b"a"}


@settings(max_examples=40)
@given(mine=FILES, first=FILES, second=FILES)
def test_overwriting_replaces_exactly_what_the_earlier_run_wrote(
    tmp_path_factory, mine, first, second
):
    out = tmp_path_factory.mktemp("out")
    write(out, first)
    mine = {f"my-{name}": text for name, text in mine.items()}
    for name, text in mine.items():
        (out / name).write_bytes(text)
    write(out, second, overwrite=True)
    assert content(out) == mine | second
    write(out, first, overwrite=True)
    assert content(out) == mine | first


@settings(max_examples=40)
@given(own=NAMES, written=FILES)
def test_a_file_of_the_user_s_own_is_never_replaced(tmp_path_factory, own, written):
    out = tmp_path_factory.mktemp("out")
    (out / own).write_text("mine")
    if own in {*written, "manifest.json", "results.json"}:
        with pytest.raises(InputError, match=f"{own} in .* is not one or was changed since"):
            write(out, written, overwrite=True)
        assert {path.name: path.read_text() for path in out.iterdir()} == {own: "mine"}
    else:
        write(out, written, overwrite=True)
        assert content(out) == {own: b"mine"} | written


def test_a_file_that_was_changed_since_counts_as_the_user_s(tmp_path):
    out = tmp_path / "out"
    write(out, {"results.json": "1", "notes.csv": "1", "pores.csv": "1"})
    (out / "notes.csv").write_text("mine now")
    write(out, {"results.json": "2"}, overwrite=True)
    assert content(out) == {"results.json": b"2", "notes.csv": b"mine now"}
    with pytest.raises(InputError, match=r"notes.csv in .* changed since"):
        write(out, {"results.json": "3", "notes.csv": "3"}, overwrite=True)
    assert content(out) == {"results.json": b"2", "notes.csv": b"mine now"}


def test_a_manifest_cannot_reach_out_of_its_folder(tmp_path):
    out, outside = tmp_path / "out", tmp_path / "outside.txt"
    write(out, {"results.json": "1"})
    outside.write_text("1")
    manifest = json.loads((out / "manifest.json").read_text())
    digest = manifest["sha256"]["results.json"]
    manifest["sha256"] |= {"../outside.txt": digest, str(outside): digest}
    (out / "manifest.json").write_text(json.dumps(manifest))
    write(out, {"results.json": "2"}, overwrite=True)
    assert outside.read_text() == "1"


def test_files_that_came_meanwhile_stay(tmp_path):
    out = tmp_path / "out"
    with pytest.raises(InputError, match="must be new or empty"), output_folder(out) as folder:
        (folder / "results.json").write_text("new")
        out.mkdir()
        (out / "results.json").write_text("mine")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert content(out) == {"results.json": b"mine"}


def test_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("x")
    for out in (tmp_path / "file", tmp_path / "file" / "out", "/proc/poreops/out"):
        with (
            pytest.raises(InputError, match="output folder must be writable") as caught,
            output_folder(out),
        ):
            pass
        assert "\n" not in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_read_only_folder(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="Permission denied"), output_folder(tmp_path / "out"):
        pass


HOLD = """
import sys, time
from poreops.cli.folder import output_folder
with output_folder(sys.argv[1]) as folder:
    (folder / "half.csv").write_text("half")
    print("held", flush=True)
    sys.stdin.readline()
"""


def hold(out):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(out)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "held\n"
    return process


@pytest.mark.parametrize("existing", [False, True])
def test_one_run_at_a_time(tmp_path, existing):
    out = tmp_path / "out"
    if existing:
        out.mkdir()
    with hold(out) as first:
        with pytest.raises(InputError, match="another one writes into"), output_folder(out):
            pytest.fail("two runs in one folder")
        write(tmp_path / "other", {"a": "a"})  # beside it is free, and does not disturb it
        first.communicate("\n")
    assert first.returncode == 0
    assert content(out) == {"half.csv": b"half"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "out"]


@pytest.mark.parametrize("existing", [False, True])
@pytest.mark.parametrize("next_one", ["out", "other"])
def test_what_a_killed_run_left_is_removed_by_the_next_one(tmp_path, existing, next_one):
    out = tmp_path / "out"
    if existing:
        out.mkdir()
    with hold(out) as process:
        process.kill()
    place = out if existing else tmp_path
    assert {path.suffix for path in place.iterdir()} == {".part", ".lock"}
    write(out if existing else tmp_path / next_one, {"a": "a"})
    assert [path.name for path in tmp_path.iterdir()] == ["out" if existing else next_one]
    assert not list(tmp_path.rglob(".*"))
