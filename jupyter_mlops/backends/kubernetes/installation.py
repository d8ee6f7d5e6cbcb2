"""What an administrator applies to a cluster once, so that sweeps may run there: no right more than they need.

Applied as it is printed it changes no password and starts nothing; a second time it changes nothing.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from jupyter_mlops.backends.kubernetes.settings import SECRET
from jupyter_mlops.domain.errors import Invalid, Problem
from jupyter_mlops.domain.profile import Name, Quantity

ACCOUNT = "jupyter-mlops"
"""Name of the ServiceAccount, the Role and the RoleBinding."""
CACHE_CLAIM = "jupyter-mlops-cache"
_RBAC = "rbac.authorization.k8s.io"
_LABELS = {"app.kubernetes.io/name": "jupyter-mlops"}
_ALWAYS_THERE = re.compile(r"default|kube-.*")
_SUBJECT = re.compile(r"(?P<kind>user|group)=(?P<who>.+)|(?P<namespace>[a-z0-9-]+):(?P<account>[a-z0-9.-]+)")

RULES: list[dict[str, list[str]]] = [
    {
        "apiGroups": ["batch"],
        "resources": ["jobs"],
        "verbs": ["create", "delete", "get", "list", "patch", "watch"],
    },
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["delete", "get", "list", "watch"]},
    {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
    {"apiGroups": [""], "resources": ["events"], "verbs": ["list", "watch"]},
]
"""What the server does in a namespace where sweeps run; pods are made by the Jobs, not by it."""

KUEUE_RULES: list[dict[str, list[str]]] = [
    {"apiGroups": ["kueue.x-k8s.io"], "resources": ["workloads"], "verbs": ["get", "list", "watch"]},
    {"apiGroups": ["kueue.x-k8s.io"], "resources": ["localqueues"], "verbs": ["get"]},
    # https://kueue.sigs.k8s.io/docs/tasks/manage/monitor_pending_workloads/pending_workloads_on_demand/
    {"apiGroups": ["visibility.kueue.x-k8s.io"], "resources": ["localqueues/pendingworkloads"], "verbs": ["get"]},
]
"""To say what a sweep waits for; it is Kueue that changes them."""


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """Whose rights these are."""

    kind: str
    name: str
    namespace: str = ""

    @property
    def shown(self) -> str:
        """As people write it: `hub:default`, `user=ann@example.org`."""
        return f"{self.namespace}:{self.name}" if self.namespace else f"{self.kind.lower()}={self.name}"


class Installation(msgspec.Struct, frozen=True, kw_only=True):
    """What an administrator chose."""

    namespaces: list[Name]
    """Where trials run. The first one gets the ServiceAccount."""
    subjects: list[Subject] = []
    """Who starts them; none for a ServiceAccount of our own, for Jupyter servers that run in the first namespace."""
    kueue: bool = False
    cache: Quantity | None = None
    """Size of the volume that keeps rebuilt environments; None for no volume."""
    cache_claims: tuple[str, ...] = (CACHE_CLAIM,)
    secret: str = SECRET


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One object, and in words why."""

    why: str
    body: dict[str, Any]
    template: bool = False
    """To be filled in first: printed as a comment."""


def subject(text: str) -> Subject:
    """Who is meant by `hub:default`, `user=ann@example.org` or `group=data-science`.

    Raises:
        Invalid: it is none of the three.
    """
    found = _SUBJECT.fullmatch(text)
    if found is None:
        message = (
            f"{text!r} names nobody. Write NAMESPACE:NAME for a service account (hub:default), user=NAME or group=NAME."
        )
        raise Invalid.one("subject", message)
    if found["kind"]:
        return Subject(kind=found["kind"].capitalize(), name=found["who"])
    return Subject(kind="ServiceAccount", name=found["account"], namespace=found["namespace"])


def check(of: Installation) -> None:
    """See whether what was chosen can be.

    Raises:
        Invalid: names what cannot.
    """
    problems = [
        Problem(field="namespace", message=f"{name!r} is no namespace's name: lower-case letters, digits and -.")
        for name in of.namespaces
        if not _is(name, Name)
    ]
    if of.cache is not None and not _is(of.cache, Quantity):
        problems.append(Problem(field="cache", message=f"{of.cache!r} is no size. Write a number and a unit: 100Gi."))
    if problems:
        raise Invalid(problems)


def _is(value: str, type_: Any) -> bool:
    try:
        msgspec.convert(value, type_)
    except msgspec.ValidationError:
        return False
    return True


def rules(of: Installation) -> list[dict[str, Any]]:
    """The Role's rules."""
    found: list[dict[str, Any]] = [*RULES, *(KUEUE_RULES if of.kueue else [])]
    if of.cache is not None:
        claims = {"apiGroups": [""], "resources": ["persistentvolumeclaims"], "verbs": ["get"]}
        found.append({**claims, "resourceNames": list(of.cache_claims)})
    return found


def documents(of: Installation) -> list[Document]:
    """Everything to be applied, in an order in which it can be."""
    found: list[Document] = []
    for namespace in of.namespaces:
        if not _ALWAYS_THERE.fullmatch(namespace):
            found.append(_namespace(namespace))
        if namespace == of.namespaces[0] and not of.subjects:
            found.append(_account(namespace))
        found += [_role(namespace, of), _binding(namespace, of), _secret(namespace, of.secret)]
        if of.cache is not None:
            found += [_claim(namespace, name, of.cache) for name in of.cache_claims]
    return found


def as_yaml(found: list[Document]) -> str:
    """The documents with their reasons, as `kubectl apply -f -` reads them."""
    import yaml

    parts = []
    for document in found:
        text = yaml.safe_dump(document.body, sort_keys=False, allow_unicode=True, width=110)
        why = "".join(f"# {line}\n" for line in document.why.splitlines())
        commented = "".join(f"# {line}\n" for line in text.splitlines())
        parts.append(f"---\n{why}{'#' + chr(10) + commented if document.template else text}")
    return "".join(parts)


def _object(api: str, kind: str, name: str, namespace: str = "", **rest: Any) -> dict[str, Any]:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {}), "labels": dict(_LABELS)}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **rest}


def _namespace(name: str) -> Document:
    body = _object("v1", "Namespace", name)
    body["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] = "restricted"
    why = (
        "Where trials run. The label lets in only pods that cannot become root or reach the node, as trials are.\n"
        "If others run pods in it already: theirs must be such pods, too, or the label must go."
    )
    return Document(why=why, body=body)


def _account(namespace: str) -> Document:
    why = (
        "For the pods that Jupyter servers run in (serviceAccountName). Trials get no token of it, nor of another "
        "account.\nJupyter runs elsewhere: jupyter mlops kubernetes manifests --subject NAMESPACE:NAME"
    )
    return Document(why=why, body=_object("v1", "ServiceAccount", ACCOUNT, namespace))


def _role(namespace: str, of: Installation) -> Document:
    # https://kubernetes.io/docs/concepts/security/rbac-good-practices/#workload-creation
    why = (
        "What Jupyter servers may do here: start, pause and stop sweeps (Jobs), stop single trials (their pods), and "
        "read\nhow they go (pods, logs, events). They cannot read Secrets; but pods of their Jobs can use every Secret "
        "and\nservice account of this namespace, so keep none here that trials must not have."
    )
    if of.kueue:
        why += "\nOf Kueue: read which place in the queue a sweep has."
    return Document(why=why, body=_object(f"{_RBAC}/v1", "Role", ACCOUNT, namespace, rules=rules(of)))


def _binding(namespace: str, of: Installation) -> Document:
    who = of.subjects or [Subject(kind="ServiceAccount", name=ACCOUNT, namespace=of.namespaces[0])]
    role = {"apiGroup": _RBAC, "kind": "Role", "name": ACCOUNT}
    body = _object(
        f"{_RBAC}/v1", "RoleBinding", ACCOUNT, namespace, roleRef=role, subjects=[_reference(one) for one in who]
    )
    why = (
        f"Who has these rights: {', '.join(one.shown for one in who)}.\n"
        "Applied again with other subjects, those take the place of these: name all of them."
    )
    return Document(why=why, body=body)


def _reference(one: Subject) -> dict[str, str]:
    where = {"namespace": one.namespace} if one.kind == "ServiceAccount" else {"apiGroup": _RBAC}
    return {"kind": one.kind, "name": one.name, **where}


def _secret(namespace: str, name: str) -> Document:
    values = {
        "MLFLOW_TRACKING_USERNAME": "REPLACE THIS BY THE USER NAME",
        "MLFLOW_TRACKING_PASSWORD": "REPLACE THIS BY THE PASSWORD",
    }
    why = (
        "Only if MLflow, or the store of its artifacts, asks who one is. Each key becomes a variable of every trial:\n"
        "MLFLOW_TRACKING_TOKEN instead of these two, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, …\n"
        "A comment, so that applying this file again never undoes what you filled in. Remove '# ' and fill it in, or:\n"
        f"kubectl --namespace {namespace} create secret generic {name} \\\n"
        "  --from-literal=MLFLOW_TRACKING_USERNAME=… --from-literal=MLFLOW_TRACKING_PASSWORD=…"
    )
    return Document(
        why=why, body=_object("v1", "Secret", name, namespace, type="Opaque", stringData=values), template=True
    )


def _claim(namespace: str, name: str, size: str) -> Document:
    spec = {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": size}}}
    why = (
        f"Keeps rebuilt environments, for profiles with cache_claim: {name}.\n"
        "Pods on several nodes write to it: if the cluster's default storage class cannot do that, add "
        "spec.storageClassName."
    )
    return Document(why=why, body=_object("v1", "PersistentVolumeClaim", name, namespace, spec=spec))
