"""What a training leaves behind: losses of every epoch, as a table that DVC plots."""

import numpy as np
import pandas as pd

from poreops.base.files import write_losses


def test_losses_are_a_table_with_a_line_an_epoch(tmp_path):
    history = {"critic_loss": [0.1, -1e-9], "generator_loss": [3.0, 1 / 3]}
    write_losses(tmp_path / "deep/wgan_gp.csv", history)
    read = pd.read_csv(tmp_path / "deep/wgan_gp.csv")
    assert list(read) == ["epoch", *history]
    np.testing.assert_allclose(read.to_numpy(), [[1, 0.1, 3], [2, -1e-9, 1 / 3]], rtol=1e-15)
