"""Functions that read a file: known by their full names, so that no other `load` is mistaken for one."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from jupyter_mlops.backends.code.literals import dotted


def _all(module: str, functions: str) -> set[str]:
    return {f"{module}.{function}" for function in functions.split()}


READERS = frozenset(
    _all("pandas", "read_csv read_excel read_feather read_fwf read_hdf read_json read_orc read_parquet read_pickle")
    | _all("pandas", "read_sas read_spss read_stata read_table read_xml ExcelFile")
    | _all("polars", "read_csv read_excel read_ipc read_json read_ndjson read_parquet scan_csv scan_ipc scan_parquet")
    | _all("numpy", "load loadtxt genfromtxt fromfile")
    | _all("joblib", "load")
    | _all("torch", "load")
    | _all("PIL.Image", "open")
    | _all("cv2", "imread")
    | _all("matplotlib.pyplot", "imread")
    | _all("matplotlib.image", "imread")
    | _all("imageio", "imread")
    | _all("imageio.v2", "imread")
    | _all("imageio.v3", "imread")
    | _all("skimage.io", "imread")
    | _all("geopandas", "read_file read_parquet")
    | _all("xarray", "open_dataset open_dataarray")
    | _all("soundfile", "read")
    | _all("librosa", "load")
    | _all("scipy.io", "loadmat")
    | _all("scipy.io.wavfile", "read")
    | _all("scipy.sparse", "load_npz")
    | _all("pyarrow.parquet", "read_table read_schema")
    | _all("xml.etree.ElementTree", "parse")
    | _all("nibabel", "load")
    | _all("tarfile", "open")
    | _all("os", "listdir scandir stat")
    | _all("os.path", "getsize getmtime")
)
READER_METHODS = frozenset(("read_text", "read_bytes", "iterdir", "stat"))
"""Of pathlib's paths."""


def aliases(trees: Iterable[ast.Module]) -> dict[str, str]:
    """Names under which modules and their members are known, with their full ones."""
    found: dict[str, str] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    top = alias.name.partition(".")[0]
                    found[alias.asname or top] = alias.name if alias.asname else top
            elif isinstance(node, ast.ImportFrom) and not node.level:
                for alias in node.names:
                    found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def full_name(node: ast.AST, known: Mapping[str, str]) -> str:
    """`pandas.read_csv` of `pd.read_csv`; empty when it is no plain name."""
    top, dot, rest = dotted(node).partition(".")
    return f"{known.get(top, top)}{dot}{rest}"
