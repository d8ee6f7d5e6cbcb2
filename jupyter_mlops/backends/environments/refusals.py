"""uv's words for what cannot be installed, in ours: which package, why, and what can be done."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from jupyter_mlops.domain.environment import Package
from jupyter_mlops.domain.errors import Unavailable

Kind = Literal["gone", "platform", "offline"]
MOST = 20
"""Packages that are looked for one by one, so that all are named at once."""
SHOWN = 6

_NAME = r"(?P<name>[A-Za-z0-9][\w.-]*?)"
_REFUSALS: tuple[tuple[str, Kind, str], ...] = (
    (rf"{_NAME} was not found in the cache", "offline", "not in uv's cache"),
    (rf"{_NAME} was not found in the package registry", "gone", "no index has a package of that name"),
    (rf"{_NAME} was not found in the provided package locations", "gone", "no index has a package of that name"),
    (rf"there (?:is|are) no versions? of {_NAME}(?:==\S+)?(?= and |,)", "gone", "no index has that version"),
    (rf"{_NAME}==\S+ has no wheels with a matching platform", "platform", "there is no build of it for this platform"),
    (rf"{_NAME}==\S+ has no wheels with a matching Python", "platform", "there is no build of it for this Python"),
    (rf"and {_NAME}==\S+ depends on Python", "platform", "it does not support this Python"),
    (rf"{_NAME}==\S+ has no (?:usable|available)", "platform", "there is no build of it for this platform"),
)
_UNREACHABLE = re.compile(
    r"error sending request|tcp connect error|dns error|operation timed out|Connection (?:refused|reset)"
    r"|Request failed after|HTTP status server error|unable to access|Could not resolve host"
)
_CREDENTIALS = re.compile(r"\b401\b|\b403\b|Unauthorized|Forbidden|authentication credentials")
_ASKS = re.compile(
    r"could not read (?:Username|Password)|Authentication failed|Permission denied \(publickey"
    r"|40[13] (?:Unauthorized|Forbidden)|requested URL returned error: 40[13]"
)
_COMMIT_GONE = re.compile(
    r"not our ref|unadvertised object|couldn't find remote ref|not a tree|bad object|failed to find (?:commit|object)"
)
_GONE = re.compile(
    r"\b(?:404 Not Found|410 Gone)|[Rr]epository (?:'[^']*' )?not found|does not appear to be a git repo"
)
_MIRROR = "Where a copy of the repository is, git can be led to it (git config --global url.COPY.insteadOf ADDRESS)"


class Refusal(msgspec.Struct, frozen=True):
    """A package that uv cannot install."""

    name: str
    kind: Kind
    why: str


def refusal(output: str) -> Refusal | None:
    """The package that uv's error names as the one that cannot be had; None when it is about something else."""
    text = _flat(output)
    for pattern, kind, why in _REFUSALS:
        found = re.search(pattern, text)
        if found:
            return Refusal(_normalised(found["name"]), kind, why)
    return None


def unreachable(output: str) -> bool:
    """Whether uv gave up because something did not answer."""
    return _UNREACHABLE.search(output) is not None


def all_refused(packages: Sequence[Package], first: Refusal, attempt: Callable[[list[Package]], str]) -> list[Refusal]:
    """Every package that cannot be had: uv names one at a time.

    Args:
        attempt: what uv says when it is asked for these packages, empty when it has them all.
    """
    found = [first]
    while len(found) < MOST:
        names = {each.name for each in found}
        left = [package for package in packages if package.name not in names]
        next_one = refusal(attempt(left)) if left else None
        if next_one is None or next_one.name in names:
            break
        found.append(next_one)
    return found


def refused(packages: Sequence[Package], found: Sequence[Refusal], output: str, *, told_offline: bool) -> Unavailable:
    """The error that names these packages, and what can be done."""
    versions = {package.name: package.version for package in packages}
    shown = [f"{each.name} {versions.get(each.name, '')}".strip() + f" ({each.why})" for each in found[:SHOWN]]
    more = len(found) - len(shown)
    names = ", ".join(shown) + (f" and {more}{' or' if len(found) >= MOST else ''} more" if more else "")
    if any(each.kind == "offline" for each in found):
        why = "uv is told to work offline (UV_OFFLINE)" if told_offline else "The package index does not answer"
        todo = "Unset UV_OFFLINE" if told_offline else "Look at the network, or name an index that answers (UV_INDEX)"
        return Unavailable(f"{why}, and these packages are not in uv's cache: {names}. {todo}, then restore again.")
    if _CREDENTIALS.search(output):
        todo = "The index asks for credentials: put them into ~/.netrc or UV_INDEX, then restore again."
    elif all(each.kind == "platform" for each in found):
        todo = "Restore it on a machine like the one it was taken on, or run the notebook with a kernel of this one."
    else:
        todo = (
            "If another index has them, name it (UV_INDEX=…, or extra-index-url in pip's configuration) and restore "
            "again; or run the notebook with a kernel that is installed here."
        )
    return Unavailable(f"Packages cannot be had any more: {names}. {todo}")


def other(output: str, packages: Sequence[Package]) -> Unavailable:
    """The error for everything else that uv can say."""
    text = _flat(output)
    if "os error 28" in text or "No space left" in text:
        return Unavailable("The disk is full. Make room (jupyter mlops environment prune), then restore again.")
    if "os error 13" in text or "os error 30" in text:
        return Unavailable(f"A folder cannot be written: {_last(output)} Mend its permissions, then restore again.")
    named = re.search(r"(?:build|download|fetch|install|extract)[^`:]*[`:] ?`?([^`\n]+?)`?(?= cause:|$)", text)
    about = _package(named.group(1), packages) if named else ""
    about = about or _package(text, packages)
    who = f"The package {about}" if about else "The environment"
    if "Hash mismatch" in text:
        return Unavailable(
            f"{who} is another one by now: its address gives a file with other content than was kept. "
            "Take a new snapshot where the package is installed, or put the old file there again, then restore again."
        )
    if "Git executable not found" in text or "git: not found" in text:
        return Unavailable(f"{who} comes from a git repository, and git is not installed here. Install git.")
    fetched = "" if "Failed to build" in text else _not_fetched(output)
    if fetched:
        return Unavailable(f"{who} cannot be fetched. {fetched}")
    if "Failed to build" in text and not unreachable(output):
        return Unavailable(
            f"{who} could not be built from its sources: {_last(output)} It needs what it was built with then: "
            "compilers and libraries, perhaps. Install them, then restore again."
        )
    if unreachable(output):
        what = "The address it came from does not answer, or has it no more"
        mirror = f" {_MIRROR}." if "fatal: " in output else ""
        return Unavailable(
            f"{who} cannot be fetched. {what}: {_last(output)} Look at the network, then restore again.{mirror}"
        )
    return Unavailable(f"{who} cannot be installed: {_last(output)}")


def _not_fetched(output: str) -> str:
    """Why what answers does not give a package, and what can be done; empty when it is about something else."""
    if _ASKS.search(output):
        return (
            f"The address it came from asks for credentials, or is gone, which some hosts tell nobody: {_last(output)} "
            "Put them into ~/.netrc, for a repository into git's credential store or ~/.ssh, then restore again."
        )
    if _COMMIT_GONE.search(output):
        return f"The repository it came from has that commit no more: {_last(output)} {_MIRROR}, then restore again."
    if _GONE.search(output):
        todo = f"{_MIRROR}, then restore again." if "fatal: " in output else "Put it there again, then restore again."
        return (
            f"The address it came from has it no more: {_last(output)} {todo} "
            "Or take a new snapshot with one from elsewhere."
        )
    return ""


def _package(text: str, packages: Sequence[Package]) -> str:
    """Name and version of the package that a text is about, by its name or the address it came from."""
    for package in packages:
        if package.url and package.url in text:
            return f"{package.name} {package.version}"
        if re.search(rf"(?<![\w.-]){re.escape(package.name)}(?:==| @ |-)", text.replace("_", "-"), re.IGNORECASE):
            return f"{package.name} {package.version}"
    return ""


def _last(output: str) -> str:
    """The line that says most, as a sentence."""
    lines = [line.strip() for line in output.splitlines() if line.strip() and not line.startswith("hint:")]
    raised = [line for line in lines if re.match(r"[\w.]+(?:Error|Exception)\b|fatal: ", line)]
    causes = [line.removeprefix("cause: ") for line in lines if line.startswith("cause: ")]
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    chosen = (raised or causes or errors or lines or ["uv said nothing"])[-1][:300]
    return chosen if chosen.endswith(".") else f"{chosen}."


def _flat(output: str) -> str:
    return " ".join(output.split())


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
