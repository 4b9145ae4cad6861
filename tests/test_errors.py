from pathlib import Path

import pytest

from poreops.errors import InputError, exit_on_input_error


def test_an_input_error_is_one_line_on_stderr_and_exit_code_2(capsys):
    with pytest.raises(SystemExit) as stopped, exit_on_input_error():
        raise InputError("voxel size must be > 0 m, got -1.0")
    assert stopped.value.code == 2
    assert capsys.readouterr().err == "error: voxel size must be > 0 m, got -1.0\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_a_full_disk_is_one_line(capsys):
    with pytest.raises(SystemExit) as stopped, exit_on_input_error():
        Path("/dev/full").write_text("x")
    assert stopped.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith("error: the disk is full ([Errno 28] No space left on device")
    assert said.count("\n") == 1
    with pytest.raises(FileNotFoundError), exit_on_input_error():
        Path("/dev/nowhere").read_text()


def test_other_errors_pass_through():
    with pytest.raises(ZeroDivisionError), exit_on_input_error():
        _ = 1 / 0
