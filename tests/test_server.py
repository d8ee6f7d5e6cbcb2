"""The server: who may ask, what it answers, and what becomes of it when something else fails."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_server.auth import Authorizer
from jupyter_server.utils import url_path_join
from tornado.httpclient import HTTPClientError
from traitlets.config import Config

from jupyter_mlops.server.operations import OPERATIONS
from jupyter_mlops.testing import WAITS, NotebookFactory, server_of_something_else
from tests.rest import NO_SWEEP, Rest, filled, server_config


@pytest.fixture
def jp_server_config(mlops_store: Path) -> Config:
    return server_config(mlops_store)


ROUTES = [(o.method, filled(o)) for o in OPERATIONS] + [
    ("GET", "openapi.json"),
    *((method, "mlflow/ajax-api/2.0/mlflow/runs/search") for method in ("GET", "POST", "PUT", "PATCH", "DELETE")),
    ("GET", "mlflow/"),
    ("GET", "mlflow"),
]


# Who may


async def test_every_route_refuses_who_is_not_logged_in(http_server_client: Any, jp_serverapp: Any) -> None:
    for method, path in ROUTES:
        url = url_path_join(jp_serverapp.base_url, "mlops", path)
        body = None if method in ("GET", "DELETE") else "{}"
        with pytest.raises(HTTPClientError) as refused:
            await http_server_client.fetch(url, method=method, body=body, follow_redirects=False)
        # A page leads to the login; everything else is refused.
        login = refused.value.response.headers.get("Location", "")
        assert refused.value.code == 403 or (refused.value.code == 302 and "/login?" in login), (method, path)
        assert (refused.value.code == 302) <= path.startswith("mlflow"), (method, path)


class Denies(Authorizer):
    """Says no to everybody and remembers what it was asked."""

    asked: list[tuple[str, str]] = []  # noqa: RUF012 - shared with the test on purpose

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        self.asked.append((action, resource))
        return False


async def test_every_route_asks_the_authorizer(jp_configurable_serverapp: Any, jp_server_config: Config) -> None:
    import tornado.httpclient
    import tornado.httpserver
    import tornado.testing

    app = jp_configurable_serverapp(config=jp_server_config, authorizer_class=Denies)
    server = tornado.httpserver.HTTPServer(app.web_app)
    socket, port = tornado.testing.bind_unused_port()
    server.add_socket(socket)
    client = tornado.httpclient.AsyncHTTPClient()
    headers = {"Authorization": f"token {app.identity_provider.token}"}
    Denies.asked.clear()
    for method, path in ROUTES:
        url = f"http://127.0.0.1:{port}{url_path_join(app.base_url, 'mlops', path)}"
        body = None if method in ("GET", "DELETE") else "{}"
        with pytest.raises(HTTPClientError) as refused:
            await client.fetch(url, method=method, body=body, headers=headers, follow_redirects=False)
        assert refused.value.code == 403, (method, path)
    server.stop()
    wanted = ["read" if method == "GET" else "write" for method, _ in ROUTES]
    assert [(action, "mlops") for action in wanted] == Denies.asked


@pytest.mark.parametrize("header", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
async def test_mlflows_pages_take_no_orders_from_another_site(jp_fetch: Any, header: dict[str, str]) -> None:
    with pytest.raises(HTTPClientError) as refused:
        await jp_fetch("mlops", "mlflow", "x", method="POST", body="{}", headers=dict(header))
    assert refused.value.code == 403


# What it answers


async def test_the_status_and_the_doctor(rest: Rest, mlops_store: Path) -> None:
    code, status = await rest("GET", "status")
    assert code == 200
    assert {k: status[k] for k in ("embedded", "online", "message", "tracking", "mlflow_ui", "max_trials")} == {
        "embedded": True,
        "online": True,
        "message": "",
        "tracking": str(mlops_store / "mlflow.db"),
        "mlflow_ui": "mlops/mlflow/",
        "max_trials": 10_000,
    }
    code, diagnosis = await rest("GET", "doctor")
    assert code == 200
    assert {f["name"]: f["status"] for f in diagnosis["findings"]}["MLflow"] == "ok"


async def test_a_notebook_and_its_snapshot(rest: Rest, mlops_notebook: NotebookFactory) -> None:
    mlops_notebook("y = x", name="a b/größer.ipynb")
    code, info = await rest("GET", "notebook", path="a b/größer.ipynb")
    assert (code, info["name"], [p["name"] for p in info["parameters"]]) == (200, "größer", ["x"])
    first = await rest("POST", "snapshots", {"notebook": "a b/größer.ipynb"})
    again = await rest("POST", "snapshots", {"notebook": "a b/größer.ipynb"})
    assert (first[0], first[1]["new"], again[1]["new"]) == (201, True, False)
    digest = first[1]["digest"]
    code, details = await rest("GET", f"snapshots/{digest[:12]}")
    assert (code, details["snapshot"]["digest"], details["parameters"]) == (200, digest, ["x"])
    code, state = await rest("GET", "notebook/state", path="a b/größer.ipynb")
    assert (code, state["kept"], state["digest"]) == (200, True, digest)
    code, listed = await rest("GET", "snapshots", notebook="a b/größer.ipynb")
    assert [s["digest"] for s in listed["snapshots"]] == [digest]
    code, difference = await rest("GET", f"snapshots/{digest}/diff/{digest[:12]}")
    assert (code, difference["cells"]) == (200, [])
    code, report = await rest("GET", "notebook/check", path="a b/größer.ipynb")
    assert (code, {f["level"] for f in report["findings"]}) == (200, {"hint"})
    assert (await rest("GET", "environments"))[0] == 200
    for folder in ("../out", "a/../../out"):
        code, refused = await rest("POST", f"snapshots/{digest}/restore", {"folder": folder})
        assert (code, refused["kind"]) == (403, "NotAllowed")


async def test_a_sweep_from_its_order_to_its_end(rest: Rest, mlops_notebook: NotebookFactory, mlops_root: Path) -> None:
    mlops_notebook("print('größer', x)", WAITS, metrics="score = x * 2.0")
    values = {"kind": "list", "values": [1, 2, 3]}
    order = {"notebook": "train.ipynb", "parameters": {"x": values}, "objective": "score", "parallelism": 1}
    assert await rest("POST", "sweeps/plan", order) == (200, {"trials": 3, "problems": []})
    assert await rest("GET", "sweeps") == (200, {"sweeps": []})

    code, sweep = await rest("POST", "sweeps", order)
    assert (code, sweep["state"], sweep["total"]) == (201, "running", 3)
    path = f"sweeps/{sweep['id']}"
    code, page = await rest("GET", f"{path}/trials", limit="2")
    assert (code, page["reset"], page["more"], len(page["trials"])) == (200, True, True, 2)

    async def until(check: Callable[[Any], bool], below: str = "") -> Any:
        deadline = time.monotonic() + 60
        while not check((answer := await rest("GET", f"{path}{below}"))[1]):
            assert time.monotonic() < deadline, answer
            time.sleep(0.1)
        return answer[1]

    await until(lambda trial: trial["state"] == "running", "/trials/0")
    await until(lambda log: "ended" in log and not log["ended"], "/trials/0/log")
    assert (await rest("POST", f"{path}/trials/2/stop"))[0] == 200
    code, paused = await rest("POST", f"{path}/pause")
    assert (code, paused["state"]) == (200, "paused")
    (mlops_root / "go").touch()
    await until(lambda trial: trial["state"] == "succeeded", "/trials/0")
    code, resumed = await rest("POST", f"{path}/resume")
    assert (code, resumed["state"]) == (200, "running")
    ended = await until(lambda s: s["ended"] is not None)
    assert (ended["state"], ended["counts"], ended["best"]) == (
        "succeeded",
        {"succeeded": 2, "cancelled": 1},
        {"index": 1, "objective": 4.0},
    )
    assert (await rest("GET", "sweeps"))[1]["sweeps"] == [ended]

    code, trial = await rest("GET", f"{path}/trials/1")
    assert (code, trial["objective"], trial["parameters"], trial["cells_done"]) == (200, 4.0, {"x": 2}, 5)
    code, executed = await rest("GET", f"{path}/trials/1/notebook")
    assert (code, executed["name"], executed["failed_cell"]) == (200, "train.ipynb", None)
    assert executed["content"]["cells"][1]["metadata"]["tags"] == ["injected-parameters"]
    code, log = await rest("GET", f"{path}/trials/1/log")
    assert (code, log["ended"]) == (200, True)
    for verb in ("pause", "resume", "stop", "trials/1/stop"):
        code, body = await rest("POST", f"{path}/{verb}")
        assert (code, body["kind"]) == (409, "Conflict"), verb
    assert (await rest("GET", f"{path}/trials/3"))[0] == 404


# When something else fails


async def test_a_store_that_is_gone_is_a_503_that_names_it(
    jp_configurable_serverapp: Any, jp_server_config: Config, mlops_notebook: NotebookFactory, http_server_port: Any
) -> None:
    import tornado.httpclient
    import tornado.httpserver
    import tornado.testing

    mlops_notebook()
    with server_of_something_else() as address:
        jp_server_config.MLOps.tracking_uri = address.replace("//", "//ann:s3cret@")
        app = jp_configurable_serverapp(config=jp_server_config)
        server = tornado.httpserver.HTTPServer(app.web_app)
        socket, port = tornado.testing.bind_unused_port()
        server.add_socket(socket)
        client = tornado.httpclient.AsyncHTTPClient()

        async def ask(method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
            answer = await client.fetch(
                f"http://127.0.0.1:{port}{url_path_join(app.base_url, 'mlops', path)}",
                method=method,
                body=json.dumps(body) if body is not None else None,
                headers={"Authorization": f"token {app.identity_provider.token}"},
                raise_error=False,
            )
            assert b"s3cret" not in answer.body
            return answer.code, json.loads(answer.body)

        for method, path, body in (
            ("GET", "sweeps", None),
            ("GET", f"sweeps/{NO_SWEEP}", None),
            ("POST", "snapshots", {"notebook": "train.ipynb"}),
            ("POST", "sweeps", {"notebook": "train.ipynb"}),
        ):
            code, answer = await ask(method, path, body)
            assert (code, answer["kind"]) == (503, "Unavailable"), answer
            assert f"MLflow at {address} does not answer" in answer["message"]
        code, info = await ask("GET", "notebook?path=train.ipynb")
        assert (code, info["name"]) == (200, "train"), "the form opens all the same"
        assert (await ask("POST", "sweeps/plan", {"notebook": "train.ipynb"}))[1]["trials"] == 1
        server.stop()


HEAVY = ("mlflow", "optuna", "papermill", "pandas", "kubernetes", "sqlalchemy", "sklearn", "nbclient.client")


def test_the_server_starts_without_anything_heavy(tmp_path: Path) -> None:
    code = """
import asyncio, json, sys
before = set(sys.modules)
from jupyter_server.serverapp import ServerApp
async def main():
    app = ServerApp.instance(ip="127.0.0.1", port=0, open_browser=False, allow_root=True,
                             jpserver_extensions={"jupyter_mlops": True}, root_dir=sys.argv[1])
    app.initialize(argv=[], new_httpserver=False, find_extensions=False)
    assert "mlops" in app.extension_manager.extension_apps["jupyter_mlops"].pop().name
    await asyncio.sleep(0.2)
    await app._cleanup()
asyncio.run(main())
print("LOADED", json.dumps(sorted(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "HOME": str(tmp_path), "JUPYTER_DATA_DIR": str(tmp_path / "data")},
        cwd=tmp_path,
    )
    found = re.search(r"^LOADED (.*)$", done.stdout, re.MULTILINE)
    assert found is not None, done.stderr
    loaded = set(json.loads(found[1]))
    assert "jupyter_mlops.server.app" in loaded, done.stderr
    assert loaded.isdisjoint(HEAVY)
    assert not (tmp_path / "data" / "mlops").exists(), "nothing is written before somebody asks for something"


async def test_a_server_that_stops_leaves_the_sweep_running(
    rest: Rest, mlops_notebook: NotebookFactory, jp_serverapp: Any, mlops_store: Path
) -> None:
    mlops_notebook(WAITS)
    _, sweep = await rest("POST", "sweeps", {"notebook": "train.ipynb"})
    pid = json.loads((mlops_store / "sweeps" / sweep["id"] / "runner.json").read_bytes())["pid"]
    await jp_serverapp._cleanup()
    time.sleep(0.3)
    assert psutil.Process(pid).is_running()
