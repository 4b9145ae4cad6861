"""Long stages show their progress."""

import time

from poreops.cli import progress


def test_long_stages_show_progress_and_short_ones_do_not(capsys, monkeypatch):
    clock = progress.Clock()
    with clock.stage("short"):
        pass
    assert list(progress.progress_bar(iter([1, 2]), 2)) == [1, 2]
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(progress, "PATIENCE", 0.01)
    with clock.stage("long"):
        time.sleep(0.2)
    assert "long: 00:0" in capsys.readouterr().err

    def slowly():
        for number in range(5):
            time.sleep(0.05)
            yield number

    assert list(progress.progress_bar(slowly(), 5, delay=0.01)) == list(range(5))
    assert "conduits:" in capsys.readouterr().err
    assert set(clock.seconds) == {"short", "long"}
