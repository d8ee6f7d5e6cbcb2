"""The docs are held to their word: what they tell people to type exists."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import jupyter_mlops
from jupyter_mlops.cli import commands
from jupyter_mlops.configuration import MLOps

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
SOURCES = sorted((ROOT / "jupyter_mlops").rglob("*.py"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(page: Path, *languages: str) -> Iterator[str]:
    for language, text in re.findall(r"^```(\w*)[^\n]*\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL):
        if language in languages:
            yield text


def command_lines(page: Path) -> Iterator[list[str]]:
    """Words after `jupyter mlops` or `%mlops` in blocks and in code between backticks, comments left out."""
    text = page.read_text().replace("\\\n", " ")
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    lines = [
        line for block in blocks(page, "sh", "bash", "shell", "console", "python", "") for line in block.splitlines()
    ]
    for line in [*lines, *inline]:
        found = re.match(r"^\s*(?:\$ )?(?:\.venv/bin/)?(?:jupyter[ -]mlops|%mlops)((?: .*)?)$", line)
        if found and "…" not in line:
            yield shlex.split(found[1], comments=True)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_exists_with_its_options(page: Path) -> None:
    for words in command_lines(page):
        command: click.Command = commands
        context = click.Context(commands)
        rest = list(words)
        while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
            found = command.get_command(context, rest.pop(0))
            assert found is not None, words
            command = found
        known = {option for p in command.params for option in (*p.opts, *p.secondary_opts)} | {"--help", "--version"}
        options = {word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)}
        assert options <= known, words


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_python_block_is_python_and_names_what_exists(page: Path) -> None:
    for block in blocks(page, "python"):
        plain = re.sub(r"^(\s*)[%!].*$", r"\1pass", block, flags=re.MULTILINE)
        compile(plain, name_of(page), "exec")
        for name in re.findall(r"\bjupyter_mlops\.(\w+)\(", block):
            assert name in jupyter_mlops.__all__, block


@pytest.mark.parametrize("page", [*PAGES, *SOURCES], ids=name_of)
def test_every_setting_that_is_named_exists(page: Path) -> None:
    named = set(re.findall(r"\bc\.MLOps\.(\w+)", page.read_text()))
    assert named <= set(MLOps.class_trait_names(config=True))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), target
