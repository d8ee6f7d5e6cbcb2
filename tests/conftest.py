"""For all tests: nothing of the machine they run on shines through, and a server is taken down only where one was."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = [
    "pytest_jupyter.jupyter_server",
    "tests.checked",
    "tests.package_index",
    "tests.rebuilt",
    "tests.rest",
    "tests.sweeping",
    "tests.tracked",
    "tests.venvs",
    "tests.web_host",
]

# The same examples on every run and machine, however busy it is; `pytest --hypothesis-profile explore` tries others.
settings.register_profile("same", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", deadline=None, max_examples=1000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("same")


@pytest.fixture(scope="session", autouse=True)
def own_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Jupyter's and MLflow's settings of whoever runs the tests have no say in them."""
    home = tmp_path_factory.mktemp("jupyter")
    with pytest.MonkeyPatch.context() as patch:
        for name in [n for n in os.environ if n.startswith(("MLFLOW_", "JUPYTERHUB_", "JPY_"))]:
            patch.delenv(name)
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
            patch.setenv(name, str(home / name.lower()))
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        # Shared by all tests: what is built once is not built again.
        patch.setenv("JUPYTER_MLOPS_CACHE", str(home / "cache"))
        patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        yield


@pytest.fixture
def configured(mlops_store: Path, mlops_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a person has who types or programs: a configuration file, and a folder of notebooks to stand in."""
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "jupyter_mlops_config.json").write_text(json.dumps({"MLOps": {"data_dir": str(mlops_store)}}))
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(folder))
    monkeypatch.chdir(mlops_root)


@pytest.fixture
def jp_root_dir(mlops_root: Path) -> Path:
    """The server shows the folder in which a test's notebooks lie."""
    return mlops_root


@pytest.fixture
def jp_server_cleanup(request: pytest.FixtureRequest) -> Iterator[None]:
    """pytest-jupyter makes a server after every test in order to clean it up; most of ours have none."""
    yield
    serverapp = sys.modules.get("jupyter_server.serverapp")
    if serverapp is None or not serverapp.ServerApp.initialized():
        return
    app = serverapp.ServerApp.instance()
    request.getfixturevalue("jp_asyncio_loop").run_until_complete(app._cleanup())
    app.kernel_manager.context.destroy()
    serverapp.ServerApp.clear_instance()
