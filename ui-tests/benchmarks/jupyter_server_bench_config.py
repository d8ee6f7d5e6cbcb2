"""The server of the browser stories, with one large sweep in its store."""

import os
import subprocess
import sys
from pathlib import Path

here = Path(__file__).resolve().parent
load_subconfig("jupyter_server_test_config.py", str(here.parent))

FILL = """
import sys
from pathlib import Path
from jupyter_mlops.backends.tracking.store import MlflowTracking
from tests.benchmarks.filling import large_sweep
store, rows = Path(sys.argv[1]), int(sys.argv[2])
large_sweep(MlflowTracking("", store), store, rows, rows)
"""
# In a process of its own: the server has imported nothing of MLflow's, as on the day it is used.
rows = os.environ.get("JUPYTER_MLOPS_BENCH_ROWS", "10000")
store = Path(os.environ["JUPYTER_DATA_DIR"]) / "mlops"
subprocess.run([sys.executable, "-c", FILL, str(store), rows], cwd=here.parent.parent, check=True)
