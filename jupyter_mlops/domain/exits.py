"""Exit codes of the trial program: what its runner, or a Job's podFailurePolicy, makes of its end."""

from __future__ import annotations

from typing import Final

SUCCEEDED: Final = 0
NOTEBOOK_FAILED: Final = 10
"""The notebook raised: the user's failure, never retried."""
NO_OBJECTIVE: Final = 11
"""The notebook ran, and no trial of the sweep has logged the metric that ranks them: no other will."""
NO_ENVIRONMENT: Final = 12
"""The packages that the snapshot was taken with cannot be had: every other trial would find the same."""
TRY_AGAIN: Final = 75
"""The machine failed the trial (EX_TEMPFAIL): kernel killed, store gone, disk full."""
RUNS_ALREADY: Final = 76
KILLED: Final = 137
"""SIGKILL, as shells and Kubernetes write it: out of memory, when the machine did it."""
INTERRUPTED: Final = 143
"""SIGTERM: what has been executed is kept, and the trial can be started again."""
