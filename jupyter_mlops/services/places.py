"""Where the trials of a request run: on which executor, with which profile, how many at once."""

from __future__ import annotations

import msgspec

from jupyter_mlops.backends.executors.base import Executor
from jupyter_mlops.domain.errors import Invalid
from jupyter_mlops.domain.profile import MAX_TRIALS_PER_POD, ComputeProfile
from jupyter_mlops.domain.sweep import SweepRequest


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """The part of an order that says where."""

    executor: str
    profile: ComputeProfile | None
    parallelism: int
    trials_per_pod: int


def place(executor: Executor, request: SweepRequest, trials: int) -> Place:
    """Resolve what a request leaves open.

    Raises:
        Invalid: there is no such profile, it allows less than is asked for, or the executor cannot be used as it is set
            up.
    """
    profile = executor.profile(request.profile)
    if profile is None:
        if request.trials_per_pod is not None:
            raise Invalid.one("trials_per_pod", f"Trials on {executor.name!r} have no pods. Leave it out.")
        parallelism = min(request.parallelism or executor.default_parallelism(), trials)
        return Place(executor=executor.name, profile=None, parallelism=parallelism, trials_per_pod=1)
    per_pod = request.trials_per_pod or profile.trials_per_pod
    if per_pod > MAX_TRIALS_PER_POD:
        raise Invalid.one("trials_per_pod", f"One pod runs at most {MAX_TRIALS_PER_POD:,} trials, not {per_pod:,}.")
    if request.parallelism is not None and request.parallelism > (profile.max_parallelism or request.parallelism):
        allowed = f"The profile {profile.shown!r} allows {profile.max_parallelism:,} at once, not"
        raise Invalid.one("parallelism", f"{allowed} {request.parallelism:,}.")
    pods = -(-trials // per_pod)
    parallelism = min(request.parallelism or profile.parallelism, profile.max_parallelism or pods, pods)
    return Place(executor=executor.name, profile=profile, parallelism=parallelism, trials_per_pod=per_pod)
