"""Grey slices of rocks: drawing, segmentation, features and their choice."""
