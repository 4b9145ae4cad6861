"""PoreOps in napari: a reader, a layer of regions, a dock that runs the solvers on a layer.

`reader` and `jobs` need no napari; `dock` does, and Qt. The manifest `napari.yaml` beside this
file names what napari finds here.
"""
