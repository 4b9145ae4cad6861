"""Runs: parameters, metrics, data sets and figures of one execution."""

import getpass
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from poreops.base.content import Json
from poreops.base.files import sha256
from poreops.mlops.tracking.connection import client, experiment_id, plain_errors, reader
from poreops.mlops.tracking.lineage import lineage, uncommitted_changes
from poreops.mlops.tracking.owners import OWNER, close_killed, this_process

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# the limits of one request, and of one value, in MLflow
_BATCH_METRICS, _BATCH_PARAMS, _PARAM_LENGTH, _DIGEST_LENGTH = 1000, 100, 6000, 36


@dataclass(frozen=True)
class Run:
    """A handle on one run; every call names it, so that runs may be used from several threads."""

    id: str
    experiment: str

    def log_params(self, params: Mapping[str, object]) -> None:
        """Log nested parameters under dotted names; a value is cut at MLflow's 6000 characters.

        Parameters
        ----------
        params : name → value, or a mapping of the same kind
        """
        from mlflow.entities import Param

        flat = [Param(name, str(value)[:_PARAM_LENGTH]) for name, value in _flat(params)]
        for start in range(0, len(flat), _BATCH_PARAMS):
            client().log_batch(self.id, params=flat[start : start + _BATCH_PARAMS])

    def log_metrics(self, metrics: Mapping[str, object], step: int = 0) -> None:
        """Log nested numbers under dotted names at one step.

        Parameters
        ----------
        metrics : name → number, or a mapping of the same kind
        step : of all of them, an epoch or a trial
        """
        self.log_history({name: [value] for name, value in _flat(metrics)}, first_step=step)

    def log_history(self, history: Mapping[str, Sequence[float]], first_step: int = 0) -> None:
        """Log one number per epoch for each name, in as few requests as possible.

        Parameters
        ----------
        history : name → one number per epoch
        first_step : epoch of the first number
        """
        from mlflow.entities import Metric

        now = time.time_ns() // 1_000_000
        metrics = [
            Metric(name, float(value), now, step)
            for name, values in history.items()
            for step, value in enumerate(values, start=first_step)
        ]
        for start in range(0, len(metrics), _BATCH_METRICS):
            client().log_batch(self.id, metrics=metrics[start : start + _BATCH_METRICS])

    def log_dataset(self, name: str, digest: str, context: str, **profile: object) -> None:
        """Log that the run read a data set.

        Parameters
        ----------
        name : for people, as "conduits/train".
        digest : md5 of dvc.lock or SHA-256, of which MLflow keeps the first 36 characters.
        context : what for, as "training".
        profile : facts about it, as rows=1000.
        """
        from mlflow.entities import Dataset, DatasetInput, InputTag

        dataset = Dataset(
            name=name,
            digest=digest[:_DIGEST_LENGTH],
            source_type="local",
            source=name,
            profile=repr(profile),
        )
        tag = InputTag("mlflow.data.context", context)
        client().log_inputs(self.id, [DatasetInput(dataset, [tag])])

    def log_figure(self, figure: "Figure", path: str) -> None:
        """Save a figure as the run's artifact `path`, as "parity.png".

        Parameters
        ----------
        figure : of matplotlib
        path : in the run's artifacts
        """
        client().log_figure(self.id, figure, path)

    def log_image(self, image: NDArray[np.uint8], path: str) -> None:
        """Save a grey image (rows, columns) uint8 as the run's artifact `path`, as "cores.png".

        Parameters
        ----------
        image : (rows, columns) uint8
        path : in the run's artifacts
        """
        client().log_image(self.id, image, path)

    def log_file(self, file: str | Path, folder: str | None = None) -> None:
        """Copy a file, or a folder's content, to the run's artifacts.

        Parameters
        ----------
        file : or folder
        folder : in the run's artifacts; None is their root
        """
        log = client().log_artifacts if Path(file).is_dir() else client().log_artifact
        log(self.id, str(file), folder)

    def made(self, folder: str | Path) -> None:
        """Note the digests of the files of a model, so that its versions find this run.

        Parameters
        ----------
        folder : of the model's files
        """
        for path in sorted(Path(folder).iterdir()):
            if path.is_file():
                self.set_tags({_made(path): path.name})

    def log_text(self, text: str, path: str) -> None:
        """Save text as the run's artifact `path`.

        Parameters
        ----------
        text : content
        path : in the run's artifacts
        """
        client().log_text(self.id, text, path)

    def set_tags(self, tags: Mapping[str, object]) -> None:
        """Set tags of the run.

        Parameters
        ----------
        tags : name → value
        """
        for name, value in tags.items():
            client().set_tag(self.id, name, value)


def end(handle: Run, status: str) -> None:
    """End a run.

    Parameters
    ----------
    handle : Run
    status : "FINISHED", "FAILED" or "KILLED"
    """
    client().set_terminated(handle.id, status)


@contextmanager
def ending(handle: Run, how: Callable[[Run, str], None] = end) -> Iterator[Run]:
    """Yield a run; it ends as FINISHED, FAILED (an exception) or KILLED (Ctrl-C).

    Parameters
    ----------
    handle : Run
    how : ends it

    Raises
    ------
    InputError
        If the store cannot be used any more: its disk is full, or its database damaged.
    """
    with plain_errors():
        try:
            yield handle
        except BaseException as error:
            how(handle, "FAILED" if isinstance(error, Exception) else "KILLED")
            raise
        how(handle, "FINISHED")


@contextmanager
def run(
    stage: str,
    name: str,
    *,
    parent: Run | None = None,
    tags: Mapping[str, object] | None = None,
) -> Iterator[Run]:
    """Yield a new run, as of `begin`, and end it, as of `ending`.

    Parameters
    ----------
    stage, name, parent, tags : as of `begin`
    """
    with ending(begin(stage, name, parent=parent, tags=tags)) as handle:
        yield handle


def begin(
    stage: str,
    name: str,
    *,
    parent: Run | None = None,
    tags: Mapping[str, object] | None = None,
) -> Run:
    """Begin a run, which the caller ends.

    A run without a parent is tagged with its lineage (commit, dirty flag, digests of dvc.lock) and
    keeps the uncommitted changes as the artifact git.diff. Runs of the same stage whose process
    was killed are ended as KILLED; each is linked with this one by a tag.

    Parameters
    ----------
    stage : as "conductance_train": the experiment is the line, made if missing, and the rest is
        the tag `stage`.
    name : of the run.
    parent : the run that this one is nested in, as the search of a trial.
    tags : further tags.

    Raises
    ------
    InputError
        If the store cannot be used: locked, unwritable, or a server that does not answer.
    """
    experiment, _, verb = stage.partition("_")
    origin = {} if parent else lineage()
    origin[OWNER] = this_process()
    if verb:
        origin["stage"] = verb
    origin |= {"mlflow.user": getpass.getuser(), "mlflow.source.name": Path(sys.argv[0]).name}
    if commit := origin.get("git.commit"):
        origin["mlflow.source.git.commit"] = commit
    if parent:
        origin["mlflow.parentRunId"] = parent.id
    with plain_errors():
        info = (
            client()
            .create_run(
                experiment_id(experiment),
                run_name=name,
                tags={key: str(value) for key, value in (origin | dict(tags or {})).items()},
            )
            .info
        )
        handle = Run(info.run_id, experiment)
        if parent is None and verb:
            _close_killed(handle, verb)
        if origin.get("git.dirty") == "true":
            handle.log_text(uncommitted_changes(), "git.diff")
    return handle


def run_that_made(folder: str | Path) -> str | None:
    """Return the id of the newest run that noted the largest file of a folder by `Run.made`.

    Parameters
    ----------
    folder : of the model's files
    """
    largest = max(
        (path for path in Path(folder).iterdir() if path.is_file()),
        key=lambda path: path.stat().st_size,
        default=None,
    )
    if largest is None:
        return None
    with plain_errors():
        experiments = [each.experiment_id for each in client().search_experiments()]
        filtered = f"tags.`{_made(largest)}` = '{largest.name}'"
        found = client().search_runs(
            experiments, filtered, max_results=1, order_by=["start_time DESC"]
        )
    return str(found[0].info.run_id) if found else None


def params_of(run_id: str) -> dict[str, str]:
    """Return the parameters of a run, none if it is gone.

    Parameters
    ----------
    run_id : of MLflow
    """
    from mlflow.exceptions import MlflowException

    with plain_errors():
        try:
            return dict(reader().get_run(run_id).data.params)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return {}


def _made(path: Path) -> str:
    return f"made.{sha256(path)[:32]}"


def _close_killed(handle: Run, stage: str) -> None:
    """End what killed processes of this stage left running, the trials of a search too."""
    close_killed(experiment_id(handle.experiment), handle.id, stage)


def _flat(nested: Mapping[str, Json], prefix: str = "") -> Iterator[tuple[str, Json]]:
    for name, value in nested.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
