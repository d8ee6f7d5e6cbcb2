"""Why is it waiting, and what did it die of? One plain sentence each.

All of it is computed from what the cluster has said already, and asks nothing.
"""

from __future__ import annotations

from jupyter_mlops.backends.kubernetes.died import died
from jupyter_mlops.backends.kubernetes.held_up import held_up
from jupyter_mlops.backends.kubernetes.queued import queued
from jupyter_mlops.backends.kubernetes.waiting import waiting

__all__ = ["died", "held_up", "queued", "waiting"]
