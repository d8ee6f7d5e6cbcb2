"""Settings of `make demo` and `make lab`: what they keep lies in `.demo` of this checkout, apart from your own store.

They find this file because the Makefile puts its folder on JUPYTER_CONFIG_PATH.
"""

from pathlib import Path

c = get_config()  # noqa: F821 - Jupyter brings it in
c.MLOps.data_dir = str(Path(__file__).resolve().parents[2] / ".demo")
