"""The environment of a kernel, asked from the interpreter that runs it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import msgspec

from jupyter_mlops.backends.environments import interpreter
from jupyter_mlops.backends.environments.indexes import configured_indexes
from jupyter_mlops.backends.environments.interpreter import Unknown
from jupyter_mlops.backends.environments.origins import Distribution, Origins, conda_packages
from jupyter_mlops.backends.environments.probe import MARK
from jupyter_mlops.backends.environments.wheels import WheelCache
from jupyter_mlops.domain.canonical import content_digest
from jupyter_mlops.domain.environment import Captured, assembled

PROBE = Path(__file__).with_name("probe.py")
_SECONDS = 30


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """Tells cheaply whether an environment may have changed since it was captured: nothing is started or read.

    When it no longer holds the environment may still be the same; ask again.
    """

    places: list[str]
    """Files and folders whose times change when something is installed, removed, or edited where it is imported."""
    text: str
    """What they looked like."""

    @classmethod
    def of(cls, places: list[str]) -> Stamp:
        """As they look now."""
        return cls(places=places, text=_look(places))

    def holds(self) -> bool:
        """Whether all of them look as they did."""
        return _look(self.places) == self.text


def _look(places: list[str]) -> str:
    seen = []
    for place in places:
        try:
            stat = os.stat(place)  # noqa: PTH116 -- half the time of Path.stat, and every trial asks
        except OSError:
            seen.append("-")
        else:
            seen.append(f"{stat.st_mtime_ns} {stat.st_size} {stat.st_ino}")
    return content_digest("\n".join(seen).encode())


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the probe prints."""

    python: str
    implementation: str
    platform: str
    executable: str
    prefix: str
    base_prefix: str
    user_site: str
    path: list[str]
    stdlib: str
    distributions: list[Distribution]


class KernelProbe:
    """Asks kernels' interpreters what is installed.

    Args:
        cache: folder for wheels of packages that no index has; snapshots share it.
    """

    def __init__(self, cache: Path) -> None:
        self._wheels = WheelCache(cache)

    def capture(self, kernel: str) -> Captured:
        """What a kernel's own interpreter says of itself, now.

        One that cannot be asked is no error: the notes say why its packages are not known.

        Raises:
            Invalid: no such kernel is installed here.
        """
        return self.capture_stamped(kernel)[0]

    def capture_stamped(self, kernel: str) -> tuple[Captured, Stamp]:
        """The same, with a stamp by which a change is noticed without asking again."""
        spec = interpreter.kernelspec(kernel)
        specfile = str(Path(spec.resource_dir, "kernel.json"))
        try:
            command, environment = interpreter.command(spec)
            answer = _asked(command, environment)
        except Unknown as why:
            note = f"The packages of kernel {kernel!r} ({spec.language or 'no language'}) are not known: {why}"
            return Captured(environment=None, notes=[note]), Stamp.of([specfile])
        return self._described(answer, environment, specfile)

    def _described(self, answer: _Answer, environment: Mapping[str, str], specfile: str) -> tuple[Captured, Stamp]:
        prefix = Path(answer.prefix)
        conda = conda_packages(prefix)
        origins = Origins(self._wheels, answer.executable, answer.prefix)
        for distribution in answer.distributions:
            if not conda.owns(distribution, prefix):
                origins.add(distribution)
        found = origins.found
        indexes, removed = configured_indexes(prefix, environment)
        captured = Captured(
            environment=assembled(
                python=answer.python,
                implementation=answer.implementation,
                platform=answer.platform,
                packages=found.packages,
                conda=conda.explicit,
            ),
            interpreter=answer.executable,
            indexes=indexes,
            wheels=dict(sorted(found.wheels.items())),
            notes=[*found.notes, *_bare_folders(answer, found.folders), *conda.notes, *removed],
        )
        places = [specfile, answer.executable, str(prefix / "pyvenv.cfg"), str(prefix / "conda-meta"), *answer.path]
        return captured, Stamp.of(list(dict.fromkeys([*places, answer.user_site, *found.watched])))


def _asked(command: list[str], environment: dict[str, str]) -> _Answer:
    try:
        done = subprocess.run(
            [*command, str(PROBE)],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Unknown(f"{command[0]} did not answer within {_SECONDS} s.") from None
    except OSError as error:
        raise Unknown(f"{command[0]} cannot be started ({error.strerror}). Install the kernel again.") from None
    for line in reversed(done.stdout.decode(errors="replace").splitlines()):
        if line.startswith(MARK):
            try:
                return msgspec.json.decode(line[len(MARK) :], type=_Answer)
            except msgspec.DecodeError:
                break
    said = done.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"]
    raise Unknown(f"{' '.join(command)} did not say what is installed ({said[-1].strip()[:200]}).")


def _bare_folders(answer: _Answer, projects: list[str]) -> list[str]:
    """Notes on folders of the path that are no part of any installation: what is imported from them has no version."""
    own = [Path(answer.prefix), Path(answer.base_prefix), Path(answer.stdlib), *map(Path, projects)]
    if answer.user_site:
        own.append(Path(answer.user_site))
    found = {distribution.location for distribution in answer.distributions}
    bare = [
        entry for entry in answer.path if entry not in found and not any(Path(entry).is_relative_to(o) for o in own)
    ]
    return [
        f"The kernel also imports from {entry} (PYTHONPATH, or a .pth file): what the notebook imports from there "
        "is not part of the environment. Install it, or name it with --include."
        for entry in bare
    ]
