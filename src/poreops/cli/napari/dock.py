"""The dock of napari: choose a layer, run a job in a thread, read the result."""

from typing import TYPE_CHECKING

from poreops.base.arguments import AXES
from poreops.cli.napari.jobs import JOBS, Outcome, run, voxel_size_of
from poreops.errors import InputError, NotConvergedError

if TYPE_CHECKING:
    from magicgui.widgets import Container
    from napari.layers import Layer


def results_dock() -> "Container":
    """Return the dock's widget, for the viewer that is open.

    Returns
    -------
    magicgui.widgets.Container
        With `layer`, `job`, `axis`, `voxel_size_um` (0 is unknown), `run` and `result`.
    """
    import napari
    from magicgui import widgets
    from napari.qt.threading import create_worker

    viewer = napari.current_viewer()
    layer = widgets.create_widget(annotation=napari.layers.Layer, label="layer", name="layer")
    job = widgets.ComboBox(name="job", choices=list(JOBS), label="job")
    axis = widgets.ComboBox(name="axis", choices=list(AXES), label="axis")
    size = widgets.FloatSpinBox(
        name="voxel_size_um", label="voxel [µm]", value=0, min=0, max=1e3, step=0.1
    )
    button = widgets.PushButton(name="run", text="run")
    result = widgets.TextEdit(name="result", value="")
    result.read_only = True

    def known(chosen: "Layer | None") -> None:
        stated = None if chosen is None else voxel_size_of(chosen.metadata)
        size.value = 0 if stated is None else 1e6 * stated

    def finished(outcome: Outcome) -> None:
        result.value = "\n".join(outcome.lines)
        if viewer is not None:
            for data, options, kind in outcome.layers:
                getattr(viewer, f"add_{kind}")(data, **options)

    def failed(error: Exception) -> None:
        if not isinstance(error, InputError | NotConvergedError):
            raise error
        result.value = f"error: {error}"

    def start() -> None:
        if layer.value is None:
            result.value = "error: a layer must be chosen, got none; open an image"
            return
        edge = 1e-6 * size.value if size.value else None
        button.enabled = False
        result.value = f"{job.value} …"
        worker = create_worker(run, job.value, layer.value.data, edge, axis.value)
        worker.returned.connect(finished)
        worker.errored.connect(failed)
        worker.finished.connect(lambda: setattr(button, "enabled", True))
        worker.start()

    layer.changed.connect(known)
    button.changed.connect(start)
    return widgets.Container(widgets=[layer, job, axis, size, button, result], name="poreops")
