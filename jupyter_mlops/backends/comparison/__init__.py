"""What differs: between two snapshots, and between what a notebook said and what it says now."""

from jupyter_mlops.backends.comparison.outputs import compare_outputs, failure, was_run
from jupyter_mlops.backends.comparison.snapshots import compare_snapshots

__all__ = ["compare_outputs", "compare_snapshots", "failure", "was_run"]
