"""`kubernetes`: manifests, probe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from jupyter_mlops.cli.commands import Noun, Verb
from jupyter_mlops.cli.face import SWEEP_FAILED, Face, as_json, pass_face

if TYPE_CHECKING:
    from jupyter_mlops.backends.kubernetes.settings import Kubernetes
    from jupyter_mlops.domain.profile import ComputeProfile


@click.group(cls=Noun)
def kubernetes() -> None:
    """Prepare a Kubernetes cluster for sweeps, and try it."""


@kubernetes.command(
    cls=Verb,
    short_help="Print what a cluster needs, to be applied by its administrator.",
    examples=[
        "$ kubernetes manifests --namespace team-a | kubectl apply -f -",
        "$ kubernetes manifests --subject hub:default --kueue --cache 100Gi",
    ],
)
@click.option(
    "--namespace",
    "namespaces",
    multiple=True,
    metavar="NS",
    help="Where trials run; by default the namespaces of c.Kubernetes.profiles.",
)
@click.option(
    "--subject",
    "subjects",
    multiple=True,
    metavar="WHO",
    help="Who may start them: NAMESPACE:NAME of a service account, user=NAME or group=NAME; by default a new service "
    "account, jupyter-mlops.",
)
@click.option("--kueue", is_flag=True, help="They wait in Kueue's queues; as a profile with a queue says, too.")
@click.option("--cache", metavar="SIZE", help="Keep rebuilt environments on a volume of that size: 100Gi.")
@as_json
@pass_face
def manifests(
    face: Face,
    namespaces: tuple[str, ...],
    subjects: tuple[str, ...],
    kueue: bool,
    cache: str | None,
    as_json: bool,
) -> None:
    """Print what an administrator applies once: namespace, account, rights, and a template for MLflow's password.

    Nothing is asked of a cluster, and nothing is changed in one.
    """
    from jupyter_mlops.backends.kubernetes import installation

    settings, _ = _configured()
    profiles = settings.offered()
    places = list(namespaces) or _namespaces(profiles)
    here = [profile for profile in profiles if profile.namespace in places or "{user}" in profile.namespace]
    claims = tuple(dict.fromkeys(profile.cache_claim for profile in here if profile.cache_claim))
    chosen = installation.Installation(
        namespaces=places,
        subjects=[installation.subject(one) for one in subjects],
        kueue=kueue or any(profile.queue for profile in here),
        cache=cache,
        cache_claims=claims or (installation.CACHE_CLAIM,),
        secret=settings.secret,
    )
    installation.check(chosen)
    found = installation.documents(chosen)
    if as_json:
        items = [document.body for document in found if not document.template]
        face.emit({"apiVersion": "v1", "kind": "List", "items": items})
    else:
        click.echo(installation.as_yaml(found), nl=False)


@kubernetes.command(
    cls=Verb,
    short_help="Try from a pod whether trials would reach MLflow.",
    examples=["$ kubernetes probe", "$ kubernetes probe gpu"],
)
@click.argument("profile", required=False)
@as_json
@pass_face
def probe(face: Face, profile: str | None, as_json: bool) -> None:
    """Start a pod of PROFILE, the first by default, that tries whether trials would reach MLflow.

    It asks for next to nothing, takes a minute at most, and is deleted. The exit code is 1 if they would not.
    """
    from jupyter_mlops import terminal
    from jupyter_mlops.backends.kubernetes.api import ApiServer
    from jupyter_mlops.backends.kubernetes.probe import probe, sample_job
    from jupyter_mlops.backends.kubernetes.settings import namespace_of
    from jupyter_mlops.domain.profile import chosen

    settings, tracking_uri = _configured()
    user, address = face.user(), settings.tracking_uri or tracking_uri
    wanted = chosen(settings.offered(), profile)
    api = ApiServer(settings.kubeconfig, settings.context)
    with face.steps("Trying.") as say:
        found = probe(api, wanted, namespace_of(wanted, user), address, say, sample_job(settings, user, address))
    if as_json:
        face.emit([found])
    else:
        face.show(terminal.findings([found]))
    if found.status == "error":
        face.exit_code = SWEEP_FAILED


def _configured() -> tuple[Kubernetes, str]:
    """What is set of the cluster, and MLflow's address as this machine reaches it.

    Raises:
        Invalid: Jupyter's configuration cannot be read, or a profile in it.
    """
    from jupyter_mlops import configuration
    from jupyter_mlops.backends.kubernetes.settings import Kubernetes
    from jupyter_mlops.domain.errors import Invalid

    try:
        mlops = configuration.load()
        return Kubernetes(config=mlops.config), mlops.tracking_uri
    except Exception as error:  # somebody's configuration file is a program and may raise anything
        raise Invalid.one(
            "configuration", f"It cannot be read: {error}. Mend {configuration.CONFIG_FILE}.py."
        ) from error


def _namespaces(profiles: Sequence[ComputeProfile]) -> list[str]:
    """Those of the profiles.

    Raises:
        UsageError: they are different for each person, or there are none.
    """
    found = list(dict.fromkeys(profile.namespace for profile in profiles))
    if not found:
        raise click.UsageError("Say where trials shall run: --namespace NS (there are no c.Kubernetes.profiles yet).")
    for namespace in found:
        if "{user}" in namespace:
            example = namespace.replace("{user}", "ann")
            raise click.UsageError(f"{namespace} is another for each person. Name all of them: --namespace {example} …")
    return found
