"""Why a pod that has a node does not run yet: what its node says, and what a person reads of it."""

from __future__ import annotations

import pytest

from jupyter_mlops.backends.kubernetes.objects import Event
from jupyter_mlops.backends.kubernetes.reasons import waiting
from jupyter_mlops.domain.profile import ComputeProfile
from tests.pods import container, event, pod, readable

PROFILE = ComputeProfile(name="small", image="team/worker:1")
CREATE = "ask the administrator to create it."
TELL = "tell the administrator."


@pytest.mark.parametrize(
    ("reason", "message", "text"),
    [
        (
            "ErrImagePull",
            (
                'failed to pull and unpack image "docker.io/team/worker:1": failed to resolve reference '
                '"docker.io/team/worker:1": pull access denied, repository does not exist or may require authorization'
            ),
            f"The image team/worker:1 cannot be pulled: there is none, or the cluster may not read it; {TELL}",
        ),
        (
            "ErrImagePull",
            (
                'rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/team/worker:1": '
                "docker.io/team/worker:1: not found"
            ),
            f"The image team/worker:1 cannot be pulled: there is none of that name and tag; {TELL}",
        ),
        (
            "ImagePullBackOff",
            (
                'Back-off pulling image "team/worker:1": ErrImagePull: failed to do request: Head '
                '"https://r.example/v2/": '
                "dial tcp: lookup r.example: no such host"
            ),
            f"The image team/worker:1 cannot be pulled: its registry does not answer; {TELL}",
        ),
        (
            "ImagePullBackOff",
            'Back-off pulling image "team/worker:1"',
            "The image team/worker:1 cannot be pulled: the node tries again.",
        ),
        (
            "ErrImagePull",
            "toomanyrequests: You have reached your pull rate limit.",
            f"The image team/worker:1 cannot be pulled: its registry allows no more downloads for now; {TELL}",
        ),
        (
            "ErrImagePull",
            "no match for platform in manifest: not found",
            f"The image team/worker:1 cannot be pulled: it was not built for this kind of processor; {TELL}",
        ),
        (
            "InvalidImageName",
            (
                'Failed to apply default image tag "Team/Worker": couldn\'t parse image name: repository name must be '
                "lowercase"
            ),
            f"The image team/worker:1 cannot be pulled: that is not an image's name; {TELL}",
        ),
        (
            "ErrImageNeverPull",
            'Container image "team/worker:1" is not present with pull policy of Never',
            f"The image team/worker:1 is not on the node, and the profile forbids to pull it; {TELL}",
        ),
        (
            "CreateContainerConfigError",
            'secret "jupyter-mlops-mlflow" not found',
            f"The namespace has no Secret jupyter-mlops-mlflow, which the profile 'small' uses; {CREATE}",
        ),
        (
            "CreateContainerConfigError",
            "couldn't find key PASSWORD in Secret team/mlflow",
            f"The Secret mlflow has no key PASSWORD, which the trial needs; {TELL}",
        ),
        (
            "CreateContainerConfigError",
            'container has runAsNonRoot and image will run as root (pod: "a_b(1)", container: main)',
            (
                "The image team/worker:1 wants to run as root, or does not say otherwise by a number, which is not "
                "allowed; ask for an image with a numeric USER."
            ),
        ),
        (
            "CreateContainerConfigError",
            "failed to prepare subPath\nfor volumeMount",
            f"Its pod cannot be set up: failed to prepare subPath for volumeMount; {TELL}",
        ),
        (
            "RunContainerError",
            (
                "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create "
                'failed: exec: "python": executable file not found in $PATH: unknown'
            ),
            f'The image team/worker:1 cannot be started: "python": executable file not found in $PATH; {TELL}',
        ),
        ("SomethingNew", "", f"Its pod cannot be started: SomethingNew; {TELL}"),
        ("ContainerCreating", "", "Its pod is being started on node n1."),
    ],
)
@pytest.mark.parametrize("kind", ["containerStatuses", "initContainerStatuses"])
def test_what_nodes_say_of_a_container(reason: str, message: str, text: str, kind: str) -> None:
    status = {"phase": "Pending", **container({"waiting": {"reason": reason, "message": message}}, kind)}
    assert readable(waiting(pod(status, "n1"), PROFILE)) == text


@pytest.mark.parametrize(
    ("events", "text"),
    [
        (
            [
                event(
                    "FailedMount",
                    'MountVolume.SetUp failed for volume "data" : mount failed: exit status 32 mount.nfs: Connection '
                    "timed out",
                )
            ],
            (
                "The volume data cannot be mounted: exit status 32 mount.nfs: Connection timed out; "
                "tell the administrator."
            ),
        ),
        (
            [event("FailedMount", 'MountVolume.SetUp failed for volume "keys" : secret "mlflow" not found')],
            "The namespace has no Secret mlflow, which its pod mounts; ask for it to be created.",
        ),
        (
            [
                event(
                    "FailedMount",
                    "Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[data api]: timed "
                    "out waiting for the condition",
                )
            ],
            "The volume data is not ready; if that lasts, tell the administrator.",
        ),
        (
            [event("FailedAttachVolume", 'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) a')],
            "The volume pvc-1 is in use on another node; it starts when that has let go of it.",
        ),
        (
            [event("FailedCreatePodSandBox", 'Failed to create pod sandbox: no runtime for "gvisor" is configured')],
            (
                'Node n1 cannot prepare its pod: Failed to create pod sandbox: no runtime for "gvisor" is configured; '
                "if that lasts, tell the administrator."
            ),
        ),
        ([event("FailedMount", "of another pod", uid="2"), event("Pulling")], "Its pod is being started on node n1."),
    ],
)
def test_what_only_events_say_of_a_start(events: list[Event], text: str) -> None:
    status = {"phase": "Pending", **container({"waiting": {"reason": "ContainerCreating"}})}
    assert readable(waiting(pod(status, "n1"), PROFILE, events)) == text


def test_a_back_off_whose_cause_only_an_event_says() -> None:
    message = 'Back-off pulling image "team/worker:1"'
    status = {"phase": "Pending", **container({"waiting": {"reason": "ImagePullBackOff", "message": message}})}
    failed = event("Failed", 'Failed to pull image "team/worker:1": manifest unknown')
    assert "there is none of that name and tag" in readable(waiting(pod(status, "n1"), PROFILE, [failed]))
