"""From an open notebook to snapshots, sweeps and endpoints, inside JupyterLab.

Importing this imports nothing heavy: the SDK's names are resolved on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

try:
    from jupyter_mlops._version import __version__
except ImportError:  # a checkout that was never installed
    __version__ = "0.0.0"

if TYPE_CHECKING:
    from jupyter_mlops.sdk import SweepHandle, VerificationHandle, check, diff, restore, snapshot, sweep, verify

__all__ = [
    "SweepHandle",
    "VerificationHandle",
    "__version__",
    "check",
    "diff",
    "restore",
    "snapshot",
    "sweep",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from jupyter_mlops import sdk

        return getattr(sdk, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "jupyter-mlops"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from jupyter_mlops.server.app import MLOpsApp

    return [{"module": "jupyter_mlops", "app": MLOpsApp}]


def load_ipython_extension(ipython: Any) -> None:
    """`%load_ext jupyter_mlops` gives the notebook `%mlops`."""
    from jupyter_mlops.magics import register

    register(ipython)
