"""How near a generator is to a set of crops: the one score that decides between generators."""

from pathlib import Path

from poreops.base.hdf5 import read_hdf5
from poreops.cores.features.extractors import extractor
from poreops.cores.features.scores import kid
from poreops.cores.judging.evaluation import Grey, JudgingConfig
from poreops.cores.model import CoreModel, grey_probe, load_generator


class NearTo:
    """KID of a generator's cores to a set of crops, whose features are taken once.

    Parameters
    ----------
    crops : (n, size, size) uint8
    config : JudgingConfig
    seed : of the cores; by default that of the judging
    """

    def __init__(self, crops: Grey, config: JudgingConfig, seed: int | None = None) -> None:
        self.config, self.seed = config, config.seed if seed is None else seed
        self.count, self.size = crops.shape[:2]
        self.extractor = extractor(config.extractor)
        self.features = self.extractor.features(crops)

    def __call__(self, model: CoreModel) -> float:
        """Draw as many cores as there are crops, and compare them."""
        config = self.config
        drawn = self.extractor.features(model.generate(self.count, self.size, seed=self.seed))
        return kid(
            drawn, self.features,
            subsets=config.subsets, size=config.subset_size, seed=config.seed,
        ).mean  # fmt: skip


def probe_scores(files: Path, probe: Path, config: JudgingConfig) -> dict[str, float]:
    """Return the KID of a generator to the crops that are kept with a model, and its `grey_probe`.

    Parameters
    ----------
    files : folder of the generator
    probe : file of the crops
    config : JudgingConfig

    Raises
    ------
    InputError
        If a file is missing, or the generator is dead.
    """
    model, crops = load_generator(files), read_hdf5(probe)[0]["images"]
    return {"kid": NearTo(crops[: config.cores], config)(model)} | grey_probe(model)
