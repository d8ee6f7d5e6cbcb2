"""A compute profile: what an administrator offers a trial to run on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec

from jupyter_mlops.domain.errors import Invalid, Problem

_QUANTITY = r"^([0-9]+(\.[0-9]+)?|\.[0-9]+)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$"
_NAME = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
_RESOURCE = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$"
_MEANT = {
    _QUANTITY: "a number with one of Kubernetes' units: 4, 500m, 16Gi",
    _NAME: "lower-case letters, digits and -, at most 63",
    _RESOURCE: "a resource's full name, such as nvidia.com/gpu",
}
Quantity = Annotated[str, msgspec.Meta(pattern=_QUANTITY)]
"""https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/, without exponents."""
Name = Annotated[str, msgspec.Meta(pattern=_NAME)]
"""An RFC 1123 label: what Kubernetes takes as the name of nearly everything."""
ResourceName = Annotated[str, msgspec.Meta(pattern=_RESOURCE)]
"""A device plugin's name of what it hands out: `nvidia.com/gpu`, `nvidia.com/mig-1g.10gb`, `amd.com/gpu`."""

DEFAULT_IMAGE = "jupyter-mlops-worker"
MAX_TRIALS_PER_POD = 1000


class Toleration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/."""

    key: str | None = None
    operator: Literal["Exists", "Equal"] = "Exists"
    value: str | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    toleration_seconds: int | None = None


class ComputeProfile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Image, resources and place of the pods of a sweep.

    An administrator writes it once (`c.Kubernetes.profiles`), people choose it by name and can change nothing in it. A
    sweep's order keeps it as it was that day.
    """

    name: Name
    title: str = ""
    """What the form shows; the name when empty."""
    description: str = ""
    image: str = DEFAULT_IMAGE
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = None
    image_pull_secrets: list[Name] = []
    cpu: Quantity = "1"
    cpu_limit: Quantity | None = None
    """None lets a trial use what the node has to spare."""
    memory: Quantity = "2Gi"
    """Asked for and not exceeded: a trial that needs more is killed, and says so."""
    max_memory: Quantity | None = None
    """The most that a trial which ran out of memory may be tried again with; None allows no more than `memory`."""
    accelerators: dict[ResourceName, Annotated[int, msgspec.Meta(ge=1, le=1024)]] = {}
    resource_claim_templates: list[str] = []
    """Names of ResourceClaimTemplates, for devices that are handed out by dynamic resource allocation."""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    """Of the pods, besides our own: for whoever counts costs, or lets sidecars in."""
    node_selector: dict[str, str] = {}
    tolerations: list[Toleration] = []
    affinity: dict[str, Any] = {}
    """As in a pod's specification."""
    priority_class: str = ""
    runtime_class: str = ""
    service_account: str = ""
    volumes: list[dict[str, Any]] = []
    volume_mounts: list[dict[str, Any]] = []
    """Both as in a pod's specification."""
    cache_claim: str = ""
    """PersistentVolumeClaim that keeps rebuilt environments; empty rebuilds them in every pod."""
    environment: dict[str, str] = {}
    secrets: list[str] = []
    """Secrets whose keys become environment variables."""
    config_maps: list[str] = []
    namespace: str = "default"
    """`{user}` in it stands for the user's name, as far as a namespace's name can hold it."""
    queue: str = ""
    """Kueue's LocalQueue, of the same namespace; the Job is then created suspended, and Kueue admits it."""
    workload_priority_class: str = ""
    deadline_seconds: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """The longest that a sweep may take, waiting included only once it has started."""
    trials_per_pod: Annotated[int, msgspec.Meta(ge=1, le=MAX_TRIALS_PER_POD)] = 1
    """Trials that one pod runs one after another: where they take seconds, starting a pod takes longer."""
    parallelism: Annotated[int, msgspec.Meta(ge=1)] = 10
    """Pods at once when a sweep names no number."""
    max_parallelism: Annotated[int, msgspec.Meta(ge=1)] | None = None

    @property
    def shown(self) -> str:
        """What a person reads of it."""
        return self.title or self.name

    def with_twice_the_memory(self) -> ComputeProfile:
        """The same profile for a trial that ran out of memory.

        Raises:
            Invalid: the administrator does not offer so much.
        """
        found = re.fullmatch(r"([0-9.]+)(\D*)", self.memory)
        assert found is not None
        wanted = f"{float(found[1]) * 2:g}{found[2]}"
        if amount(wanted) > amount(self.max_memory or self.memory):
            most = f"at most {self.max_memory}" if self.max_memory else "no more than it has"
            raise Invalid.one(
                "profile",
                f"{wanted} of memory are not offered: the profile {self.shown!r} allows {most}. Sweep again with a "
                "larger profile, or ask the administrator for max_memory.",
            )
        return msgspec.structs.replace(self, memory=wanted)

    def resources(self) -> str:
        """What a pod gets, in words: `4 CPU, 16Gi, 1 nvidia.com/gpu`."""
        parts = [f"{self.cpu} CPU", self.memory]
        return ", ".join(parts + [f"{count} {name}" for name, count in self.accelerators.items()])


_UNITS = ("", "k", "M", "G", "T", "P", "E")


def amount(quantity: str) -> float:
    """A quantity as a number: `1Ki` is 1024, `500m` a half."""
    found = re.fullmatch(r"([0-9.]+)([A-Za-z]?)(i?)", quantity)
    assert found is not None
    if found[2] == "m":
        return float(found[1]) / 1000
    unit = "k" if found[2] == "K" else found[2]
    return float(found[1]) * float(1024 if found[3] else 1000) ** _UNITS.index(unit)


class ProfileOffer(msgspec.Struct, frozen=True, kw_only=True):
    """A profile as the form shows it: nothing of where it runs or with which secrets."""

    name: str
    title: str
    description: str = ""
    resources: str
    parallelism: int
    max_parallelism: int | None = None
    trials_per_pod: int = 1
    queue: str = ""


class ExecutorOffer(msgspec.Struct, frozen=True, kw_only=True):
    """A place where trials can run."""

    name: str
    parallelism: int
    """Trials at once when nobody says otherwise."""
    profiles: list[ProfileOffer] = []
    problem: str = ""
    """Why it cannot be used as it is set up, and what to do; empty when it can."""


def profiles_from(raw: object) -> list[ComputeProfile]:
    """What an administrator wrote as `c.Kubernetes.profiles`.

    Raises:
        Invalid: names the key that is wrong, `profiles[0].cpu`.
    """
    if not isinstance(raw, Sequence) or isinstance(raw, str | bytes):
        raise Invalid.one("profiles", "Must be a list of profiles: [{'name': 'small', 'image': …}].")
    problems: list[Problem] = []
    profiles: list[ComputeProfile] = []
    for number, one in enumerate(raw):
        try:
            profiles.append(msgspec.convert(_plain(one), ComputeProfile))
        except msgspec.ValidationError as error:
            problems.append(_problem(f"profiles[{number}]", str(error)))
            continue
        if not re.fullmatch(_NAME, profiles[-1].namespace.replace("{user}", "u")):
            message = "Must be a namespace's name: lower-case letters, digits and -, and {user} for the user's."
            problems.append(Problem(field=f"profiles[{number}].namespace", message=message))
    names = [profile.name for profile in profiles]
    twice = sorted({name for name in names if names.count(name) > 1})
    problems += [Problem(field="profiles", message=f"Two profiles have the name {name!r}.") for name in twice]
    if problems:
        raise Invalid(problems)
    return profiles


def _plain(one: object) -> object:
    """People write `cpu=4`, and Kubernetes takes it as a text."""
    if not isinstance(one, Mapping):
        return one
    numbers = {key: str(one[key]) for key in ("cpu", "cpu_limit", "memory") if isinstance(one.get(key), int | float)}
    return {**one, **numbers}


def offer_of(profile: ComputeProfile) -> ProfileOffer:
    """What people see of a profile."""
    return ProfileOffer(
        name=profile.name,
        title=profile.shown,
        description=profile.description,
        resources=profile.resources(),
        parallelism=profile.parallelism,
        max_parallelism=profile.max_parallelism,
        trials_per_pod=profile.trials_per_pod,
        queue=profile.queue,
    )


def chosen(profiles: Sequence[ComputeProfile], name: str | None) -> ComputeProfile:
    """The profile of a name, or the first when none is named.

    Raises:
        Invalid: there is none of that name.
    """
    for profile in profiles:
        if name is None or profile.name == name:
            return profile
    if not profiles:
        raise Invalid.one("profile", "There are no compute profiles: an administrator sets c.Kubernetes.profiles.")
    known = ", ".join(profile.name for profile in profiles)
    raise Invalid.one("profile", f"There is no compute profile {name!r}. There are: {known}.")


def _problem(at: str, said: str) -> Problem:
    """msgspec's `Expected … - at `$.cpu``, as a field and a sentence."""
    found = re.fullmatch(r"(.*?)(?: - at `\$(.*)`)?", said, re.DOTALL)
    assert found is not None
    words, path = found.groups()
    words = re.sub(" - at `key` in .*", "", words)
    unknown = re.fullmatch(r"Object contains unknown field `(.*)`", words)
    if unknown:
        known = f" It has: {', '.join(ComputeProfile.__struct_fields__)}." if not path else ""
        return Problem(field=f"{at}{path or ''}.{unknown[1]}", message=f"There is no such key.{known}")
    for pattern, meant in _MEANT.items():
        words = words.replace(f"`str` matching regex {pattern!r}", meant).replace("Expected", "Must be")
    return Problem(field=f"{at}{path or ''}", message=f"{words}.")
