"""The server the browser stories talk to: the real one, with a data folder and a root folder of its own.

Warning: Galata's configuration has no password. Never use it for anything but tests.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from jupyterlab.galata import configure_jupyter_server

here = Path(__file__).resolve().parent
scratch = Path(tempfile.mkdtemp(prefix="mlops-ui-tests-"))
atexit.register(shutil.rmtree, scratch, ignore_errors=True)

# Each run starts with an empty embedded store and leaves the person's own alone.
data_dir = scratch / "data"
data_dir.mkdir()
os.environ["JUPYTER_DATA_DIR"] = str(data_dir)
os.environ.setdefault("JUPYTERLAB_GALATA_ROOT_DIR", str(scratch / "root"))
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_RUN_ID"):
    os.environ.pop(name, None)

root = Path(os.environ["JUPYTERLAB_GALATA_ROOT_DIR"])
root.mkdir(parents=True, exist_ok=True)
for folder in (here.parent / "examples", here / "notebooks"):
    for notebook in sorted(folder.glob("*.ipynb")):
        shutil.copy(notebook, root)

tempfile.tempdir = str(scratch)  # for the folders that Galata makes
configure_jupyter_server(c)
tempfile.tempdir = None
c.ServerApp.allow_root = True
c.ServerApp.data_dir = str(data_dir)
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.port = int(os.environ.get("UI_TEST_PORT", "8899"))
c.ServerApp.runtime_dir = str(data_dir / "runtime")
c.LabApp.news_url = None
c.LabApp.workspaces_dir = str(scratch / "workspaces")
c.LabApp.user_settings_dir = str(scratch / "settings")
# A cluster is offered, but its pods could not reach the embedded store: the form says so, and asks no cluster.
c.MLOps.executors = ["local", "kubernetes"]
c.Kubernetes.profiles = [
    {"name": "small", "title": "Small", "cpu": 2, "memory": "4Gi"},
    {
        "name": "gpu",
        "title": "One GPU",
        "description": "For networks of some million weights.",
        "cpu": 4,
        "memory": "16Gi",
        "accelerators": {"nvidia.com/gpu": 1},
        "queue": "team-a",
        "max_parallelism": 20,
    },
]
