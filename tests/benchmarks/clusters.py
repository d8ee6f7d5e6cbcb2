"""A cluster for benchmarks: where a sweep runs on it, what it was asked for, and its programs out of the way."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import msgspec
import psutil


class Requests:
    """What the API server was asked for by our server, as its audit log has it."""

    def __init__(self, log: Path | None) -> None:
        self._log = log
        self._read = 0

    @property
    def counted(self) -> bool:
        """Whether they are: of somebody else's cluster we have no log."""
        return self._log is not None

    def new(self) -> Counter[str]:
        """How often what was asked since the last look: `list pods`, `create jobs`."""
        found: Counter[str] = Counter()
        if self._log is not None and self._log.exists():
            with self._log.open("rb") as log:
                log.seek(self._read)
                lines = log.readlines()
            whole = [line for line in lines if line.endswith(b"\n")]
            self._read += sum(map(len, whole))
            for event in map(json.loads, whole):
                if event.get("userAgent") == "jupyter-mlops":
                    found[f"{event['verb']} {event.get('objectRef', {}).get('resource', event['requestURI'])}"] += 1
        return found


class Place(msgspec.Struct, frozen=True):
    """Where the sweep runs, and what may be known about it."""

    kubeconfig: Path
    """Of a service account with the rights that we ask for, and no other."""
    namespace: str
    requests: Requests


def configure(place: Place, selector: dict[str, str], parallelism: int) -> None:
    """Let Jupyter servers that start from now on run sweeps there."""
    profile = {
        "name": "gpu",
        "namespace": place.namespace,
        "accelerators": {"nvidia.com/gpu": 1},
        "node_selector": selector,
        "parallelism": parallelism,
    }
    # Pods could not reach the store that is used here; those of pretended nodes do not try.
    kubernetes = {
        "kubeconfig": str(place.kubeconfig),
        "tracking_uri": "http://mlflow.example:5000",
        "profiles": [profile],
    }
    folder = Path(os.environ["JUPYTER_CONFIG_DIR"])
    folder.mkdir(parents=True, exist_ok=True)
    config = {"MLOps": {"executors": ["kubernetes", "local"]}, "Kubernetes": kubernetes}
    (folder / "jupyter_mlops_config.json").write_text(json.dumps(config))


def step_aside() -> None:
    """Let the cluster's programs have the cores that are left over: in earnest they have machines of their own."""
    for program in psutil.Process().children(recursive=True):
        for thread in program.threads():
            os.setpriority(os.PRIO_PROCESS, thread.id, 10)  # those that it starts later do as they do
