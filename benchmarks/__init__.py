"""Measured comparisons: `python -m benchmarks` takes about two minutes on two cores."""
