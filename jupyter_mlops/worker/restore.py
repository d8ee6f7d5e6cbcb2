"""Rebuilds the environment of a snapshot: a program that can be started twice.

    python -m jupyter_mlops.worker.restore SNAPSHOT CACHE_FOLDER [ENVIRONMENT]

It builds beside the environment's place in the cache and renames what is finished. Killed at any moment it leaves
nothing there, and the next one starts over. Of two at once the second leaves it to the first. The third argument is
the environment's digest, when whoever starts this has written down what is to be built: then the store is only asked
for the packages that no index has.
"""

from __future__ import annotations

import functools
import logging
import os
import sys
from pathlib import Path

from jupyter_mlops.backends.base import SnapshotStore
from jupyter_mlops.backends.environments.build import Fetch, build, counted
from jupyter_mlops.backends.environments.slot import BUILDER, Failure, Slot
from jupyter_mlops.domain.environment import Environment
from jupyter_mlops.domain.errors import Missing, MlopsError, NotFound
from jupyter_mlops.domain.exits import RUNS_ALREADY

log = logging.getLogger("jupyter_mlops")

READY = 0
FAILED = 1


def restore(slot: Slot, environment: Environment, fetch: Fetch) -> int:
    """Build an environment unless it is ready or being built; the exit code says how it ended."""
    slot.work.create()
    with slot.work.holding(BUILDER) as mine:
        if not mine:
            return RUNS_ALREADY
        if slot.sound():
            slot.clear()
            slot.work.remove()
            return READY
        try:
            _build(slot, environment, fetch)
        except (MlopsError, OSError) as error:
            slot.fail(_failure(error))
        except Exception as error:
            log.exception("The rebuild broke off.")
            slot.fail(Failure(message=f"The rebuild broke off: {type(error).__name__}: {error}. Restore it again."))
        else:
            return READY
        slot.clear()
        return FAILED


def _build(slot: Slot, environment: Environment, fetch: Fetch) -> None:
    slot.clear()
    slot.prepare(environment)

    with slot.log.open("a", encoding="utf-8") as lines:

        def say(line: str) -> None:
            lines.write(f"{line}\n")
            lines.flush()
            log.info("%s", line)

        prefix = slot.prefix(bool(environment.conda))
        notes = build(environment, fetch, prefix, say)
        say(f"Installed {counted(len(environment.packages) + len(environment.conda))}.")
        slot.finish(prefix, environment, notes)


def _failure(error: MlopsError | OSError) -> Failure:
    if isinstance(error, MlopsError):
        return Failure(message=error.message, missing=isinstance(error, Missing))
    where = f"{error.filename}: " if error.filename else ""
    return Failure(message=f"{where}{error.strerror or error}. Make room or mend the permissions, then restore again.")


@functools.cache
def _store() -> SnapshotStore:
    """The store, connected to only when it is needed: an environment of index packages needs none."""
    from jupyter_mlops.worker.trial import tracking_from

    return tracking_from(os.environ).snapshots


def _ordered(slot: Slot) -> Environment | None:
    """What whoever started this wrote down, if it is what its digest says."""
    order = slot.order()
    return order if order is not None and order.digest == slot.digest else None


def _from_store(snapshot: str) -> Environment:
    from jupyter_mlops.worker.patience import patiently

    environment = patiently(lambda: _store().get(snapshot).manifest.environment)
    if environment is None:
        raise NotFound(f"Snapshot {snapshot[:12]} knows no packages: its kernel could not be asked.")
    return environment


def main(argv: list[str] | None = None) -> int:
    """Command line of the program; the store is the one that MLFLOW_TRACKING_URI names."""
    arguments = sys.argv[1:] if argv is None else argv
    if len(arguments) not in (2, 3):
        sys.stderr.write(__doc__ or "")
        return 2
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    snapshot, cache = arguments[0], Path(arguments[1])
    try:
        environment = _ordered(Slot(cache, arguments[2])) if len(arguments) == 3 else None
        environment = environment or _from_store(snapshot)
        slot = Slot(cache, environment.digest)
        return restore(slot, environment, lambda package: _store().package_file(snapshot, package))
    except (MlopsError, OSError) as error:
        log.error("%s", error)
        return FAILED


if __name__ == "__main__":
    sys.exit(main())
