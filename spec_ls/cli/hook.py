"""`spec-ls hook`: for what runs before a commit and names whatever files have changed."""

from __future__ import annotations

from collections.abc import Sequence

import click

from spec_ls.cli import arguments
from spec_ls.cli.check import check
from spec_ls.files import CannotRead, read_source
from spec_ls.resolver import Resolver
from spec_ls.workspace import Document


@click.command(short_help="Check those of the changed files that are specs.")
@click.argument("files", metavar="[FILE…]", nargs=-1, type=arguments.MarkdownPath())
@arguments.fail_on
@click.pass_context
def hook(context: click.Context, files: Sequence[str], fail_on: str) -> None:
    """Checks those of FILES that are specs, as check does, and passes by the others in silence.

    \b
      spec-ls hook docs/specs/a.md README.md

    \b
    Exit code:
      0  no spec is among them, or nothing as heavy as --fail-on was found
      1  something was
      2  a file cannot be read, or an option is wrong
    """
    resolver = Resolver()
    specs = [file for file in files if _is_checked(file, resolver)]
    if specs:
        check.main(["--fail-on", fail_on, "--", *specs], prog_name=f"{context.find_root().info_name} check")


def _is_checked(file: str, resolver: Resolver) -> bool:
    """Whether a file is a spec; one that cannot be read is for `check` to complain about."""
    try:
        return Document(read_source(file), policy=resolver.policy(file)).decision.is_spec
    except CannotRead:
        return True
