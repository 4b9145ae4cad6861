"""What the reports call each way to a size factor."""

NAMES = {
    "dns": "DNS of conduits",
    "model": "champion",
    "coarse": "coarse solve",
    "physics": "estimate, corrected",
    "scalars": "scalars",
    "image": "ResNet (images only)",
    "resnet": "ResNet (images only)",
    "distance": "ResNet with distance",
    "both": "scalars and image",
    "geometry": "geometry-based",
    "shape_factor": "shape-factor-based",
}
