"""The cluster that the tests here share: our own control plane, or the one that KUBECONFIG_TEST leads to."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .build import BUILT, CONTROL_PLANE, BuildFailed, build, go, missing
from .component import ComponentFailed
from .connection import Cluster
from .control_plane import ControlPlane
from .kwok import Kwok
from .node import Node
from .node import missing as missing_for_node

NEITHER = "cluster tests did not run: neither Go (https://go.dev/dl) nor KUBECONFIG_TEST is there"

UNREACHABLE = re.compile(
    r"dial tcp|i/o timeout|no such host|connection re(fused|set)|TLS handshake timeout|server error", re.I
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where nothing can run them, say so once for a file, instead of once for a test."""
    if os.environ.get("KUBECONFIG_TEST") or go() or not missing(*CONTROL_PLANE, "kwok"):
        return
    for item in items:
        if Path(__file__).parent in item.path.parents and "cluster" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.skip(reason=NEITHER))


@pytest.fixture(scope="session")
def tell(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Say something while tests run, whatever captures their output."""
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def say(text: str) -> None:
        with capture.global_and_fixture_disabled():
            print(f"\n{text}", flush=True)

    return say


def built(*names: str, tell: Callable[[str], None]) -> None:
    """Build programs; where Go's modules cannot be fetched, say so and run without the tests that need them."""
    try:
        build(*names, tell=tell)
    except BuildFailed as error:
        if not UNREACHABLE.search(str(error)):
            raise
        pytest.skip(f"cluster tests did not run: Go's modules cannot be fetched here: {str(error)[-300:]}")


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory, tell: Callable[[str], None]) -> Iterator[Cluster]:
    """A cluster, with its administrator's rights."""
    folder = tmp_path_factory.mktemp("cluster")
    existing = os.environ.get("KUBECONFIG_TEST")
    if existing:
        yield Cluster(Path(existing), folder)
        return
    built(*CONTROL_PLANE, "kwok", tell=tell)
    with ControlPlane(folder / "control-plane") as control_plane:
        yield Cluster(control_plane.kubeconfig, folder, control_plane)


@pytest.fixture
def control_plane(cluster: Cluster) -> ControlPlane:
    """Our own control plane, whose API server may be killed; a test that asks for it is not for other clusters."""
    if cluster.control_plane is None:
        pytest.skip("this test is for our own control plane, and KUBECONFIG_TEST leads to another")
    return cluster.control_plane


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    """A namespace for one test, which lets in only pods that follow the restricted standard."""
    with cluster.namespace() as name:
        yield name


@pytest.fixture(scope="session")
def kwok_nodes(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory, tell: Callable[[str], None]
) -> Iterator[Kwok]:
    """Pretended nodes with eight GPUs each; `add` brings more."""
    if missing("kwok") and go() is None:
        pytest.skip("kwok is built with Go (https://go.dev/dl), and there is none")
    built("kwok", tell=tell)
    with Kwok(cluster.kubeconfig, tmp_path_factory.mktemp("kwok"), nodes=4) as kwok:
        yield kwok


@pytest.fixture(scope="module")
def node(cluster: Cluster, tell: Callable[[str], None]) -> Iterator[Node]:
    """A real node, on which pods truly run; for one module, because the others count nodes."""
    if cluster.control_plane is None:
        pytest.skip("a real node joins our own control plane, and KUBECONFIG_TEST leads to another")
    absent = missing_for_node()
    if absent:
        pytest.skip(absent)
    if missing("kubelet") and go() is None:
        pytest.skip("a real node needs a kubelet, which is built with Go (https://go.dev/dl), and there is none")
    built("kubelet", tell=tell)
    real = Node(cluster.control_plane, BUILT / "node")
    try:
        real.start()
    except (ComponentFailed, OSError, subprocess.CalledProcessError) as error:
        # Not every kernel, and not every container, lets a node be made in it.
        pytest.skip(f"a real node could not be started here: {str(error)[:300]}")
    try:
        yield real
    finally:
        real.stop()
