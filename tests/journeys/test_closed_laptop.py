"""Start a sweep through a real Jupyter server, kill the server, and find the sweep finished by the next one."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests

from tests.running import eventually
from tests.test_reliability import SLOW, notebook

TOKEN = "for-this-test"


class Server:
    """A `jupyter server` process on a loopback port."""

    def __init__(self, root: Path, data_dir: Path) -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}/mlops"
        command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", f"--port={port}"]
        command += ["--ServerApp.port_retries=0", f"--ServerApp.root_dir={root}", f"--IdentityProvider.token={TOKEN}"]
        command += ["--ServerApp.jpserver_extensions={'jupyter_mlops': True}", f"--MLOps.data_dir={data_dir}"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(self._up)

    def _up(self) -> bool:
        try:
            return bool(self.get("status")["version"])
        except requests.RequestException:
            return False

    def get(self, path: str) -> Any:
        answer = requests.get(f"{self.address}/{path}", headers={"Authorization": f"token {TOKEN}"}, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, body: Any) -> Any:
        headers = {"Authorization": f"token {TOKEN}"}
        answer = requests.post(f"{self.address}/{path}", json=body, headers=headers, timeout=60)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def test_a_sweep_goes_on_without_its_server(tmp_path: Path) -> None:
    root, data_dir = tmp_path / "root", tmp_path / "data"
    root.mkdir()
    notebook(root, SLOW)
    server = Server(root, data_dir)
    try:
        order = {
            "notebook": "slow.ipynb",
            "parameters": {"x": {"kind": "list", "values": [1, 2, 3]}, "seconds": {"kind": "fixed", "value": 2}},
            "objective": "score",
            "parallelism": 1,
        }
        sweep = server.post("sweeps", order)
        eventually(lambda: server.get(f"sweeps/{sweep['id']}")["counts"].get("running"))
    finally:
        server.kill()

    server = Server(root, data_dir)
    try:
        eventually(lambda: server.get(f"sweeps/{sweep['id']}")["ended"])
        view = server.get(f"sweeps/{sweep['id']}")
        assert (view["state"], view["counts"]) == ("succeeded", {"succeeded": 3})
        assert view["best"] == {"index": 2, "objective": 3.0}
        page = server.get(f"sweeps/{sweep['id']}/trials")
        assert sorted(t["index"] for t in page["trials"]) == [0, 1, 2]
        assert not page["more"]
        opened = server.get(f"sweeps/{sweep['id']}/trials/2/notebook")
        assert "x = 3" in "".join(opened["content"]["cells"][1]["source"])
        assert [s["id"] for s in server.get("sweeps")["sweeps"]] == [sweep["id"]]
    finally:
        server.kill()
