"""Grey slices: segmentation and features."""
