"""The sweeps of a cluster as this process knows them: their orders, and their namespaces, which it watches."""

from __future__ import annotations

import threading

from jupyter_mlops.backends.base import Tracking
from jupyter_mlops.backends.kubernetes.api import ApiServer
from jupyter_mlops.backends.kubernetes.objects import Job
from jupyter_mlops.backends.kubernetes.observed import Observed
from jupyter_mlops.backends.kubernetes.settings import namespace_of
from jupyter_mlops.domain.errors import NotFound, Unavailable
from jupyter_mlops.domain.sweep import SweepOrder


class KnownSweeps:
    """Each namespace is watched from the first question about it on."""

    def __init__(self, api: ApiServer, tracking: Tracking) -> None:
        self._api = api
        self._tracking = tracking
        self._orders: dict[str, SweepOrder] = {}
        self._observed: dict[str, Observed] = {}
        self._lock = threading.Lock()

    def order(self, sweep_id: str) -> SweepOrder | None:
        """A sweep's order; None when there is no such sweep."""
        if sweep_id not in self._orders:
            try:
                self._orders[sweep_id] = self._tracking.sweep_order(sweep_id)
            except NotFound:
                return None
        return self._orders[sweep_id]

    def observed(self, sweep_id: str) -> Observed:
        """The namespace of a sweep, as it is seen now.

        Raises:
            NotFound: there is no such sweep, or it is on no cluster.
        """
        order = self.order(sweep_id)
        if order is None or order.profile is None:
            raise NotFound(f"There is no sweep {sweep_id!r} on a cluster.")
        return self.namespace(namespace_of(order.profile, order.user))

    def namespace(self, name: str) -> Observed:
        """A namespace, as it is seen now; waits for the first look at it."""
        with self._lock:
            if name not in self._observed:
                self._observed[name] = Observed(self._api, name)
            observed = self._observed[name]
        observed.ready()
        return observed

    def close(self) -> None:
        """Watch nothing any more."""
        with self._lock:
            seen = list(self._observed.values())
            self._observed.clear()
        for observed in seen:
            observed.stop()

    def job(self, sweep_id: str) -> Job | None:
        """The newest Job of a sweep.

        Raises:
            Unavailable: the cluster cannot be asked.
        """
        try:
            observed = self.observed(sweep_id)
        except NotFound:
            return None
        if not observed.ready():
            raise Unavailable(observed.problem or "The cluster does not answer. What runs there goes on.")
        return observed.job(sweep_id)
