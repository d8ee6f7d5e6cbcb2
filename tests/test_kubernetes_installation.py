"""What an administrator applies to a cluster, object by object, and as it is printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from jupyter_mlops import cli
from jupyter_mlops.backends.kubernetes.installation import (
    Installation,
    Subject,
    as_yaml,
    check,
    documents,
    subject,
)
from jupyter_mlops.cli.face import Face
from jupyter_mlops.domain.errors import Invalid

LABELS = {"app.kubernetes.io/name": "jupyter-mlops"}
NAMED = {"name": "jupyter-mlops", "namespace": "team-a", "labels": LABELS}
ROLE = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "jupyter-mlops"}
RULES = [
    {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create", "delete", "get", "list", "patch", "watch"]},
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["delete", "get", "list", "watch"]},
    {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
    {"apiGroups": [""], "resources": ["events"], "verbs": ["list", "watch"]},
]
KUEUE = [
    {"apiGroups": ["kueue.x-k8s.io"], "resources": ["workloads"], "verbs": ["get", "list", "watch"]},
    {"apiGroups": ["kueue.x-k8s.io"], "resources": ["localqueues"], "verbs": ["get"]},
    {"apiGroups": ["visibility.kueue.x-k8s.io"], "resources": ["localqueues/pendingworkloads"], "verbs": ["get"]},
]


def bodies(**chosen: Any) -> list[dict[str, Any]]:
    return [document.body for document in documents(Installation(**{"namespaces": ["team-a"], **chosen}))]


def kinds(found: list[dict[str, Any]]) -> list[str]:
    return [f"{body['kind']} {body['metadata'].get('namespace', '')}".strip() for body in found]


def test_a_namespace_an_account_its_rights_and_a_template() -> None:
    assert bodies() == [
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": "team-a", "labels": {**LABELS, "pod-security.kubernetes.io/enforce": "restricted"}},
        },
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": NAMED},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": NAMED, "rules": RULES},
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": NAMED,
            "roleRef": ROLE,
            "subjects": [{"kind": "ServiceAccount", "name": "jupyter-mlops", "namespace": "team-a"}],
        },
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "jupyter-mlops-mlflow", "namespace": "team-a", "labels": LABELS},
            "type": "Opaque",
            "stringData": {
                "MLFLOW_TRACKING_USERNAME": "REPLACE THIS BY THE USER NAME",
                "MLFLOW_TRACKING_PASSWORD": "REPLACE THIS BY THE PASSWORD",
            },
        },
    ]


def test_others_than_a_new_account_may_have_the_rights() -> None:
    found = bodies(subjects=[subject("hub:default"), subject("user=oidc:ann@example.org"), subject("group=data")])
    assert kinds(found) == ["Namespace", "Role team-a", "RoleBinding team-a", "Secret team-a"]
    rbac = "rbac.authorization.k8s.io"
    assert found[2]["subjects"] == [
        {"kind": "ServiceAccount", "name": "default", "namespace": "hub"},
        {"kind": "User", "name": "oidc:ann@example.org", "apiGroup": rbac},
        {"kind": "Group", "name": "data", "apiGroup": rbac},
    ]


def test_kueue_may_be_read_where_it_is_wanted() -> None:
    assert bodies(kueue=True)[2]["rules"] == [*RULES, *KUEUE]


def test_a_volume_keeps_environments_and_may_be_looked_for() -> None:
    found = bodies(cache="100Gi", cache_claims=("envs",))
    claim = {"apiGroups": [""], "resources": ["persistentvolumeclaims"], "verbs": ["get"], "resourceNames": ["envs"]}
    assert found[2]["rules"] == [*RULES, claim]
    assert found[-1] == {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "envs", "namespace": "team-a", "labels": LABELS},
        "spec": {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "100Gi"}}},
    }


def test_one_account_has_rights_in_several_namespaces() -> None:
    found = bodies(namespaces=["a", "b"])
    assert kinds(found) == [
        *("Namespace", "ServiceAccount a", "Role a", "RoleBinding a", "Secret a"),
        *("Namespace", "Role b", "RoleBinding b", "Secret b"),
    ]
    assert found[7]["subjects"] == [{"kind": "ServiceAccount", "name": "jupyter-mlops", "namespace": "a"}]


def test_the_namespace_default_is_left_as_it_is() -> None:
    assert "Namespace" not in kinds(bodies(namespaces=["default"]))


@pytest.mark.parametrize("text", ["", "ann", "user=", "Hub:default", "robot=x", "hub:"])
def test_a_subject_that_names_nobody(text: str) -> None:
    with pytest.raises(Invalid, match="names nobody"):
        subject(text)


@pytest.mark.parametrize("text", ["hub:default", "user=ann", "group=data science"])
def test_a_subject_reads_as_it_was_written(text: str) -> None:
    assert subject(text).shown == text


def test_every_problem_is_said_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        check(Installation(namespaces=["ok", "Team_A"], cache="much"))
    assert [problem.field for problem in refused.value.problems] == ["namespace", "cache"]


def test_every_document_says_why_and_the_secret_is_a_comment() -> None:
    found = documents(Installation(namespaces=["team-a"], cache="1Gi", kueue=True))
    printed = as_yaml(found)
    assert [body for body in yaml.safe_load_all(printed) if body] == [one.body for one in found if not one.template]
    parts = printed.split("---\n")[1:]
    assert len(parts) == len(found)
    assert all(part.startswith("# ") for part in parts)
    [secret] = [part for part in parts if "kind: Secret" in part]
    filled_in = secret.partition("#\n")[2].replace("# ", "")
    assert yaml.safe_load(filled_in) == next(one.body for one in found if one.template)
    assert max(map(len, printed.splitlines())) <= 120


def test_two_namespaces_share_no_anchors() -> None:
    assert "&id" not in as_yaml(
        documents(Installation(namespaces=["a", "b"], subjects=[Subject(kind="User", name="x")]))
    )


# The command line


Said = tuple[int, str, str]


@pytest.fixture
def mlops(configured: None, tmp_path: Path, mlops_store: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Types a command line, with these profiles in the configuration."""

    def type_(words: str, *profiles: dict[str, Any]) -> Said:
        settings = {"MLOps": {"data_dir": str(mlops_store)}, "Kubernetes": {"profiles": list(profiles)}}
        (tmp_path / "config" / "jupyter_mlops_config.json").write_text(json.dumps(settings))
        code = cli.run(words.split(), Face())
        out, err = capsys.readouterr()
        return code, out, err

    return type_


def test_namespaces_queues_and_claims_come_from_the_profiles(mlops: Any) -> None:
    small = {"name": "small", "namespace": "team-a"}
    large = {"name": "large", "namespace": "team-b", "queue": "q", "cache_claim": "envs"}
    code, out, _ = mlops("kubernetes manifests --cache 5Gi", small, large)
    found = [body for body in yaml.safe_load_all(out) if body]
    chosen = {"namespaces": ["team-a", "team-b"], "kueue": True, "cache": "5Gi", "cache_claims": ("envs",)}
    assert code == 0
    assert found == [body for body in bodies(**chosen) if body["kind"] != "Secret"]


def test_a_list_for_machines(mlops: Any) -> None:
    code, out, _ = mlops("kubernetes manifests --namespace team-a --subject user=ann --json")
    found = json.loads(out)
    assert (code, found["kind"]) == (0, "List")
    assert kinds(found["items"]) == ["Namespace", "Role team-a", "RoleBinding team-a"]


def test_namespaces_of_persons_are_named_by_the_administrator(mlops: Any) -> None:
    profile = {"name": "own", "namespace": "team-{user}"}
    code, _, err = mlops("kubernetes manifests", profile)
    assert code == 2
    assert "team-{user} is another for each person. Name all of them: --namespace team-ann" in err
    assert mlops("kubernetes manifests --namespace team-ann", profile)[0] == 0


def test_without_profiles_a_namespace_is_asked_for(mlops: Any) -> None:
    code, _, err = mlops("kubernetes manifests")
    assert code == 2
    assert "Say where trials shall run: --namespace NS" in err


def test_what_is_wrong_is_named_by_its_option(mlops: Any) -> None:
    code, _, err = mlops("kubernetes manifests --namespace Team --cache much")
    assert code == 3
    assert err.startswith("Error: --namespace: 'Team' is no namespace's name")
    assert "--cache: 'much' is no size" in err


def test_a_profile_that_is_wrong_is_named(mlops: Any) -> None:
    code, _, err = mlops("kubernetes manifests", {"name": "small", "cpus": 4})
    assert code == 3
    assert "profiles[0].cpus: There is no such key" in err
