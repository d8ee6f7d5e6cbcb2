"""Commands whose help ends with examples, as a person reads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class _WithExamples(click.Command):
    """Adds `Examples:` to a command's help; `$` stands for what the command is started by."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.examples:
            program = ctx.find_root().info_name or "jupyter mlops"
            with formatter.section("Examples"):
                for example in self.examples:
                    formatter.write(f"  {example.replace('$', program, 1)}\n")
        super().format_epilog(ctx, formatter)


class Verb(_WithExamples):
    """A command that does something."""


class Noun(_WithExamples, click.Group):
    """A command that only has others below it, listed in the order in which they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)
