"""Builds etcd, Kubernetes and kwok in the versions that binaries/go.mod names; only what is not built yet."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

MODULE = Path(__file__).parent / "binaries"
BUILT = Path(__file__).parent / ".build"

# A binary is named as `go build` names it: after its package. etcd's is called `server`.
PACKAGES = {
    "server": "go.etcd.io/etcd/server/v3",
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
    "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
    "kube-proxy": "k8s.io/kubernetes/cmd/kube-proxy",
    "kubectl": "k8s.io/kubernetes/cmd/kubectl",
    "kubelet": "k8s.io/kubernetes/cmd/kubelet",
    "kwok": "sigs.k8s.io/kwok/cmd/kwok",
}
CONTROL_PLANE = ("server", "kube-apiserver", "kube-controller-manager", "kube-scheduler")


class BuildFailed(Exception):
    """Go could not build what the cluster tests run."""


def go() -> str | None:
    """Where Go is, or None."""
    return shutil.which("go")


def binary(name: str) -> Path:
    """Where a binary lies once it is built.

    The folder is named after the versions and the options, so that a change of either builds anew.
    """
    what = (MODULE / "go.mod").read_bytes() + (MODULE / "go.sum").read_bytes() + " ".join(_options()).encode()
    return BUILT / hashlib.sha256(what).hexdigest()[:12] / name


def missing(*names: str) -> list[str]:
    """Those binaries that are not built yet."""
    return [name for name in names if not binary(name).exists()]


def build(*names: str, tell: Callable[[str], None] = lambda _: None) -> None:
    """Build those binaries that are not there.

    The first time this compiles all of Kubernetes: some minutes. What Go compiled stays in its own cache, so that
    another build, of another checkout too, is a matter of linking.

    Raises:
        BuildFailed: with Go's words, or when there is no Go.
    """
    if not missing(*names):
        return
    folder = binary(names[0]).parent
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(BUILT / "lock"):
        absent = missing(*names)
        if not absent:
            return
        if go() is None:
            raise BuildFailed(
                "The cluster's programs are built with Go, and there is none. Install it: https://go.dev/dl"
            )
        tell(f"Building {', '.join(absent)}: some minutes the first time (tests/cluster/binaries/go.mod)")
        with tempfile.TemporaryDirectory(dir=BUILT) as unfinished:
            _go("build", *_options(), "-o", unfinished + os.sep, *(PACKAGES[name] for name in absent))
            for name in absent:
                (Path(unfinished) / name).replace(folder / name)


def module_folder(module: str) -> Path:
    """Where the files of a Go module lie that binaries/go.mod requires."""
    return Path(_go("list", "-m", "-f", "{{.Dir}}", module).strip())


def _options() -> list[str]:
    # Without its version a component calls itself v0.0.0. -s -w: no symbol tables, a third of the size.
    flags = f"-s -w -X k8s.io/component-base/version.gitVersion={_version('k8s.io/kubernetes')}"
    return ["-trimpath", "-ldflags", flags]


def _version(module: str) -> str:
    lines = (line.split() for line in (MODULE / "go.mod").read_text().splitlines())
    return next(words[1] for words in lines if len(words) > 1 and words[0] == module)


def _go(*arguments: str) -> str:
    # Nice, because the first build takes all cores for minutes.
    command = ["nice", go() or "go", *arguments]
    done = subprocess.run(command, cwd=MODULE, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildFailed(f"`{' '.join(command)}` failed in {MODULE}:\n{done.stderr}")
    return done.stdout
