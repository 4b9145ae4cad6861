"""One colour a method, the same in every picture of the line."""

COLOURS = {
    "dns": "#222222",
    "model": "#1764ab",
    "coarse": "#8c8c8c",
    "physics": "#d95f02",
    "scalars": "#1764ab",
    "image": "#7b3294",
    "resnet": "#7b3294",
    "distance": "#b2abd2",
    "both": "#0b8a8f",
    "geometry": "#c1440e",
    "shape_factor": "#2e8b57",
}
