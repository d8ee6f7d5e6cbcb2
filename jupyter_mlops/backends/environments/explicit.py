"""Lays out conda packages in a prefix with rattler, where no conda program is installed.

    python -m jupyter_mlops.backends.environments.explicit LIST PREFIX

LIST is what `conda list --explicit` prints: https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html#building-identical-conda-environments
Standard output says each step in a line that ends with `…`, and of each package that cannot be had why:
`error: FILE: WHY`. Files are downloaded into a folder beside LIST, which is removed again.
"""

from __future__ import annotations

import asyncio
import glob
import hashlib
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec
from rattler import Config, PrefixRecord, RepoDataRecord, install
from rattler.networking import Client
from rattler.package_streaming import download_to_path

STEP = "…"
"""Ends the lines that say what is being done."""

_FILE = re.compile(r"(?P<stem>[^/]+-[^/-]+-[^/-]+)\.(?:conda|tar\.bz2)$")


class Refused(Exception):
    """A package cannot be had; says why."""


class Address(msgspec.Struct, frozen=True):
    """One line of the list."""

    url: str
    hash: str
    """sha256 or md5 of the file, empty where the list names none."""

    @classmethod
    def parsed(cls, line: str) -> Address:
        url, _, fragment = line.partition("#")
        return cls(url, fragment.rpartition(":")[2].lower())

    @property
    def file(self) -> str:
        """Its file's name."""
        return unquote(urlsplit(self.url).path).rpartition("/")[2]

    @property
    def channel(self) -> str:
        return self.url.rsplit("/", 2)[0]

    def differs(self, md5: str, sha256: str) -> str:
        """What the hash should be and is; empty if it is."""
        algorithm, found = ("sha256", sha256) if len(self.hash) == 64 else ("md5", md5)
        return "" if self.hash in ("", found) else f"its {algorithm} is {found}, and was {self.hash}"


def main(argv: Sequence[str] | None = None) -> int:
    """Command line of the program."""
    listed, prefix = (Path(word) for word in (sys.argv[1:] if argv is None else argv))
    lines = listed.read_text(encoding="utf-8").splitlines()
    addresses = [Address.parsed(line) for line in lines if line and not line.startswith(("#", "@"))]
    with tempfile.TemporaryDirectory(prefix="downloads-", dir=listed.parent) as downloads:
        return asyncio.run(_made(addresses, prefix, Path(downloads)))


async def _made(addresses: Sequence[Address], prefix: Path, downloads: Path) -> int:
    config = Config.load_from_default_locations("rattler")
    client = Client.from_config(config)
    records = {address: record for address in addresses if (record := _known(address, prefix.parent))}
    new = [address for address in addresses if address not in records]
    if new:
        _say(f"Downloading {len(new)} of {len(addresses)} conda packages{STEP}")
    room = asyncio.Semaphore(config.concurrency_downloads)

    async def fetched(address: Address) -> RepoDataRecord:
        async with room:
            return await _fetched(address, client, downloads)

    answers = await asyncio.gather(*map(fetched, new), return_exceptions=True)
    for address, answer in zip(new, answers, strict=True):
        if isinstance(answer, BaseException):
            _say(f"error: {address.file}: {' '.join(str(answer).split())}")
        else:
            records[address] = answer
    if len(records) < len(addresses):
        return 1
    _say(f"Linking {len(addresses)} conda packages{STEP}")
    try:
        # Their scripts are run as conda runs them: the packages were chosen by whoever made the environment.
        await install(
            list(records.values()), prefix, execute_link_scripts=True, show_progress=False, client=client, config=config
        )
    except Exception as error:  # its exceptions have no base of their own
        _say(f"error: {' '.join(str(error).split())}")
        return 1
    for address in new:
        _name_origin(address, prefix)
    return 0


def _known(address: Address, beside: Path) -> RepoDataRecord | None:
    """What conda-meta of an environment beside this one says of the very same package.

    rattler finds files that it has unpacked by name and sha256, and an explicit list mostly has the md5 only: without
    the record, what is in its cache would be fetched again.
    """
    file = _FILE.match(address.file)
    if file is None or not address.hash:
        return None
    for path in beside.glob(f"*/conda-meta/{glob.escape(file['stem'])}.json"):
        try:
            record = PrefixRecord.from_path(path)
        except Exception:  # half-written, or another rattler's
            continue
        md5, sha256 = ((digest or b"").hex() for digest in (record.md5, record.sha256))
        if record.url == address.url and sha256 and not address.differs(md5, sha256):
            return record
    return None


async def _fetched(address: Address, client: Client, folder: Path) -> RepoDataRecord:
    if not _FILE.match(address.file):
        raise Refused("this is not the name of a conda package")
    file = folder / address.file
    try:
        await download_to_path(client, address.url, file)
    except RuntimeError as error:
        if "Request failed after" in str(error):
            raise Refused("its channel does not answer") from error
        raise
    md5, sha256 = await asyncio.to_thread(_hashes, file)
    differs = address.differs(md5, sha256)
    if differs:
        raise Refused(f"the channel gives a file with other content ({differs})")
    record = await RepoDataRecord.from_package_archive(file)
    record.md5 = bytes.fromhex(md5)
    return record


def _hashes(file: Path) -> tuple[str, str]:
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    with file.open("rb") as opened:
        while piece := opened.read(1 << 20):
            md5.update(piece)
            sha256.update(piece)
    return md5.hexdigest(), sha256.hexdigest()


def _name_origin(address: Address, prefix: Path) -> None:
    """Write into conda-meta where a package came from, which is not the file that it was unpacked from."""
    file = _FILE.match(address.file)
    assert file is not None
    path = prefix / "conda-meta" / f"{file['stem']}.json"
    record = PrefixRecord.from_path(path)
    record.url = address.url
    record.channel = address.channel
    record.write_to_path(path, pretty=True)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
