"""One table on crops that nothing else reads: the rock, the generators and the nulls."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from poreops.base.content import Json
from poreops.cores.features.scores import complaints
from poreops.cores.judging.bands import bands, summary
from poreops.cores.judging.copies import WINDOWS
from poreops.cores.judging.evaluation import Grey, Judge, JudgingConfig, View, spread
from poreops.cores.judging.nulls import nulls
from poreops.cores.model import load_generator, trained

PARTS = ("train", "search", "gate")
"""Parts of the rock that are compared with the crops of the report."""

REPORT, REAL = "report", "real"
"""Names of the crops of the report, and of the other parts."""

_SHOWN = 5  # images of each source that are kept for a picture

Table = Mapping[str, Mapping[str, Json]]


@dataclass(frozen=True)
class Comparison:
    """Sets of images from every source, and the crops of the report.

    Attributes
    ----------
    judge : Judge
    target : of the crops of the report
    sources : "real" → parts of the rock; method → a set a seed; null → a set a seed
    fields : independent fields that the crops of the report stand for
    """

    judge: Judge
    target: View
    sources: Mapping[str, Sequence[View]]
    fields: float

    @classmethod
    def of(
        cls, crops: Mapping[str, Grey], models: Path, config: JudgingConfig, fields: float
    ) -> Self:
        """Draw from every generator and null, and measure all sets.

        Parameters
        ----------
        crops : each of `PARTS` and "report" → (n, size, size) uint8
        models : folder of <method>/<seed>, as cores_train and cores_quilt write it
        config : JudgingConfig
        fields : of `independent_fields`, of the report
        """
        judge = Judge.fit(crops["train"], config, crops[REPORT])
        size = judge.training.shape[1]
        found = {REAL: [judge.view(crops[part]) for part in PARTS]}
        generators = trained(models)
        for method, folders in generators.items():
            cores = (
                load_generator(folder).generate(config.cores, size, seed=config.seed)
                for folder in folders
            )
            found[method] = [judge.view(images) for images in cores]
        # as many sets of each null as every method has at least
        seeds = [{int(folder.name) for folder in folders} for folders in generators.values()]
        for seed in sorted(set.intersection(*seeds)):
            drawn = nulls(judge.training, config.cores, judge.segmentation, seed=seed)
            for name, images in drawn.items():
                found.setdefault(name, []).append(judge.view(images))
        return cls(judge, judge.view(crops[REPORT]), found, fields)

    def table(self) -> dict[str, dict[str, Json]]:
        """Return source → number of ``sets``, and score → mean and sd over them."""
        found = {
            name: [self.judge.scores(one, self.target) for one in sets]
            for name, sets in self.sources.items()
        }
        # of training crops nobody asks whether they were copied
        for name in ("copies", "likeness_max", *WINDOWS):
            found[REAL][0][name] = found[REAL][1][name]
        return {name: {"sets": len(each), **spread(each)} for name, each in found.items()}

    def report(self) -> dict[str, Json]:
        """Return the table, the structure of the first set of each source, and how it was made."""
        network, count = self.judge.extractor, len(self.target.images)
        return {
            "extractor": network.name,
            "second": None if self.judge.second is None else self.judge.second.name,
            "cores": count,
            "size": self.judge.training.shape[1],
            "warnings": complaints(count, count, network.length),
            "segmentation": vars(self.judge.segmentation),
            "fields": self.fields,
            "table": self.table(),
            "bands": {name: self._bands(sets) for name, sets in self.sources.items()},
            "structure": {name: view.structure.summary() for name, view in self._first().items()},
        }

    def shown(self) -> dict[str, Grey]:
        """Return source → a few of its images, (n, size, size) uint8."""
        return {name: view.images[:_SHOWN] for name, view in self._first().items()}

    def _bands(self, sets: Sequence[View]) -> dict[str, object]:
        real = self.target.structure
        return summary([bands(one.structure, real, self.fields) for one in sets])

    def _first(self) -> dict[str, View]:
        return {REPORT: self.target} | {name: sets[0] for name, sets in self.sources.items()}


def lines(table: Table) -> Iterator[str]:
    """Yield a line a source, for people.

    Parameters
    ----------
    table : of `Comparison.table`
    """
    for name, row in table.items():
        kid, fid = row["kid"], row["fid"]
        yield (
            f"{name:>9}  KID {kid['mean']:.4f} ± {kid['sd']:.4f}  FID {fid['mean']:.1f} "
            f"± {fid['sd']:.1f}  S2 {row['s2']['mean']:.3f}  copies {row['copies']['mean']:.3f}"
            f"  ratio {row['copies_ratio']['mean']:.3f}"
        )
