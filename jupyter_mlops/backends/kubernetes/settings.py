"""What an administrator sets of a cluster: `c.Kubernetes.…` in Jupyter's configuration."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from traitlets import Int, List, TraitError, Unicode, validate
from traitlets.config import Configurable

from jupyter_mlops.domain.errors import Invalid
from jupyter_mlops.domain.profile import ComputeProfile, profiles_from

_LOOPBACK = ("localhost", "127.0.0.1", "::1", "0.0.0.0")
SECRET = "jupyter-mlops-mlflow"


class Kubernetes(Configurable):
    """Where trials and endpoints on a cluster run, and what of it people may choose."""

    kubeconfig = Unicode(
        help="Kubeconfig file. Empty means KUBECONFIG, ~/.kube/config, or the service account of the pod that Jupyter "
        "runs in."
    ).tag(config=True)
    context = Unicode(help="Context of the kubeconfig; empty means its current one.").tag(config=True)
    profiles: List[Any] = List(
        help="Compute profiles: a list of dicts with at least `name`; see docs/administrator.md. The first is the "
        "default."
    ).tag(config=True)
    tracking_uri = Unicode(
        help="MLflow's address as pods reach it. Empty means c.MLOps.tracking_uri. Without credentials: those come "
        "from the Secret."
    ).tag(config=True)
    secret = Unicode(
        SECRET,
        help="Secret, of the pods' namespace, whose keys (MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD, "
        "MLFLOW_TRACKING_TOKEN, AWS_…) become variables of a trial. It need not exist.",
    ).tag(config=True)
    keep_seconds = Int(
        7 * 24 * 3600, min=0, help="How long the Job of an ended sweep is kept: `ttlSecondsAfterFinished`."
    ).tag(config=True)

    @validate("profiles")
    def _check_profiles(self, proposal: Any) -> Any:
        try:
            profiles_from(proposal["value"])
        except Invalid as error:
            said = " ".join(f"c.Kubernetes.{problem.field}: {problem.message}" for problem in error.problems)
            raise TraitError(said) from None
        return proposal["value"]

    @classmethod
    def configured(cls, config: Any) -> Kubernetes:
        """The settings of a configuration.

        Raises:
            Invalid: one of them is wrong; named by its key.
        """
        try:
            return cls(config=config)
        except TraitError as error:
            raise Invalid.one("configuration", str(error)) from None

    def offered(self) -> list[ComputeProfile]:
        """The profiles, read."""
        return profiles_from(self.profiles)


def reachable_problem(tracking_uri: str) -> str:
    """Why pods cannot reach an MLflow store, and what to do; empty when they may."""
    parts = urlsplit(tracking_uri)
    mend = "Run `mlflow server` where pods reach it, and set c.MLOps.tracking_uri or c.Kubernetes.tracking_uri to it."
    if parts.scheme not in ("http", "https"):
        return f"Pods cannot reach the embedded MLflow store: it is a file of this machine. {mend}"
    if parts.hostname in _LOOPBACK:
        return f"Pods cannot reach MLflow at {parts.hostname}: that is each pod itself. {mend}"
    if parts.username or parts.password:
        return (
            "The address of MLflow holds a name or password, which would stand in every pod for all to read. Put them "
            f"into the Secret {SECRET!r} (jupyter mlops kubernetes manifests) and set c.Kubernetes.tracking_uri to the "
            "address without them."
        )
    return ""


def namespace_of(profile: ComputeProfile, user: str) -> str:
    """The namespace of a profile for a user: `team-{user}` for Ann.B is `team-ann-b`."""
    return profile.namespace.replace("{user}", slug(user) or "user")[:63].rstrip("-")


def slug(text: str) -> str:
    """A text as a label of RFC 1123: `Ann.B@x.org` is `ann-b-x-org`."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63].rstrip("-")
