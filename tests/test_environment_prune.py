"""Rebuilt environments are listed and removed, also as it is typed; what is in use stays."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from jupyter_mlops.backends.environments.cache import EnvironmentCache
from jupyter_mlops.backends.environments.record import RECORD
from jupyter_mlops.cli.environment import environment as environment_commands
from jupyter_mlops.cli.face import Face
from jupyter_mlops.domain.errors import Conflict, Invalid, NotFound, Unavailable
from jupyter_mlops.services.environments import Environments

if TYPE_CHECKING:
    pass
from tests.package_index import Index
from tests.rebuilt import PYTHON, SNAPSHOT, built, environment

# Removing


def test_prune(cache: EnvironmentCache, index: Index) -> None:
    one, other, failed = environment("alpha==1.0"), environment("beta==1.0"), environment("nobodys==1.0")
    states = [built(cache, of) for of in (one, other)]
    with pytest.raises(Unavailable):
        built(cache, failed)
    verbs = Environments(cache)
    long_ago = time.time() - 40 * 86400
    os.utime(Path(states[0].folder, RECORD), (long_ago, long_ago))
    assert [state.digest for state in verbs.list()][-1] == one.digest

    runs = subprocess.Popen([Path(states[0].folder, "bin", "python"), "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert verbs.prune([], 30) == []
        with pytest.raises(Conflict, match=rf"{one.digest[:12]} runs as process {runs.pid}"):
            verbs.prune([one.digest[:12], other.digest])
        assert verbs.state(other.digest[:16]).status == "ready"
    finally:
        runs.communicate(b"\n", timeout=30)
    assert [state.digest for state in verbs.prune([], 30)] == [one.digest]
    assert verbs.state(one.digest).status == "absent"
    assert {state.digest for state in verbs.prune()} == {other.digest, failed.digest}
    assert list(cache._folder.iterdir()) == []


def test_use_makes_an_environment_young_again(cache: EnvironmentCache, index: Index) -> None:
    of = environment("alpha==1.0")
    record = Path(built(cache, of).folder, RECORD)
    os.utime(record, (0, 0))
    assert cache.state(of.digest).used == 0
    built(cache, of)
    assert cache.state(of.digest).used > 0
    os.utime(record, (0, 0))
    cache.touch(of.digest)
    assert cache.state(of.digest).used > 0


def test_one_that_is_being_built_is_kept(cache: EnvironmentCache, index: Index) -> None:
    of = environment("slow==1.0")
    cache.start(of, SNAPSHOT)
    assert cache.prune([], 0) == []
    with pytest.raises(Conflict, match="is being built"):
        cache.prune([of.digest], 0)


@pytest.mark.parametrize("digest", ["", "latest", "3f2a", "../../etc/passwd", "3" * 65, "A" * 64])
def test_what_is_no_digest(digest: str, cache: EnvironmentCache) -> None:
    verbs = Environments(cache)
    with pytest.raises(Invalid, match="is not an environment's digest"):
        verbs.state(digest)
    with pytest.raises(Invalid, match="is not an environment's digest"):
        verbs.prune([digest])


def test_what_is_not_here(cache: EnvironmentCache) -> None:
    verbs = Environments(cache)
    assert verbs.state("3f2a9c1b04de").status == "absent"
    assert verbs.state("3" * 64).status == "absent"
    with pytest.raises(NotFound, match="3f2a9c1b04de"):
        verbs.prune(["3f2a9c1b04de"])
    with pytest.raises(Invalid, match="negative"):
        verbs.prune([], -1)


# The command line


def typed(cache: EnvironmentCache, *words: str) -> str:
    class Typed(Face):
        def services(self) -> Any:
            return SimpleNamespace(environments=Environments(cache))

    result = CliRunner().invoke(environment_commands, [*words], obj=Typed(), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_commands(cache: EnvironmentCache, index: Index) -> None:
    assert "snapshot restore DIGEST FOLDER" in typed(cache, "list")
    assert typed(cache, "prune") == "There are no environments to remove.\n"
    of = environment("alpha==1.0")
    built(cache, of)
    with pytest.raises(Unavailable):
        built(cache, environment("nobodys==1.0"))
    listed = typed(cache, "list")
    assert re.search(rf"^{of.digest[:12]} +✓ ready +{re.escape(PYTHON)} +1 +[\d.]+ [KM]B +now", listed, re.MULTILINE)
    assert "✕ failed" in listed
    assert "nobodys 1.0" in listed
    assert {each["status"] for each in json.loads(typed(cache, "list", "--json"))} == {"ready", "failed"}
    assert "within 3 days" in typed(cache, "prune", "--unused-for", "3")
    assert re.fullmatch(r"Removed 1 environment \([\d.]+ [KM]B\)\.\n", typed(cache, "prune", of.digest[:12], "--yes"))
    assert [each["status"] for each in json.loads(typed(cache, "prune", "--json"))] == ["failed"]
