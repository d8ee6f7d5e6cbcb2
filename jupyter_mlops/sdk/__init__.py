"""The same verbs for Python programs: `jupyter_mlops.sweep(…)` and `jupyter_mlops.snapshot(…)`.

What starts here runs on its own: a program that ends, or a kernel that is restarted, leaves its sweeps running.
"""

from jupyter_mlops.sdk.opening import services
from jupyter_mlops.sdk.snapshots import VerificationHandle, check, diff, restore, snapshot, verify
from jupyter_mlops.sdk.spaces import dimensions
from jupyter_mlops.sdk.sweeps import SweepHandle, start, sweep, trial_here

__all__ = [
    "SweepHandle",
    "VerificationHandle",
    "check",
    "diff",
    "dimensions",
    "restore",
    "services",
    "snapshot",
    "start",
    "sweep",
    "trial_here",
    "verify",
]
