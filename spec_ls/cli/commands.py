"""The subcommands of `spec-ls`."""

from __future__ import annotations

import os
import sys

import click

from spec_ls import __version__
from spec_ls.cli.adopt import adopt
from spec_ls.cli.board import board
from spec_ls.cli.check import check
from spec_ls.cli.completion import completion
from spec_ls.cli.config import config
from spec_ls.cli.doctor import doctor
from spec_ls.cli.fix import fix, fmt
from spec_ls.cli.graph import graph
from spec_ls.cli.hook import hook
from spec_ls.cli.new import new
from spec_ls.cli.playground import playground
from spec_ls.cli.report import say
from spec_ls.cli.rule import rule
from spec_ls.cli.template import template

_INTERRUPTED = 130
"""What a shell makes of a process that Ctrl-C ends; 1 would mean findings."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, invoke_without_command=True)
@click.version_option(__version__, "--version", message="spec-ls %(version)s")
@click.option("--stdio", is_flag=True, help="Serve on standard input and output; so does spec-ls without a command.")
@click.pass_context
def cli(context: click.Context, stdio: bool) -> None:
    """Checks product specs written in Markdown against the team's own template.

    Without a command it is a language server on standard input and output, as editors start it.
    """
    if context.invoked_subcommand is None:
        raise click.UsageError("name a command", context)
    if stdio:
        raise click.UsageError("--stdio starts the server and takes no command", context)
    try:
        os.getcwd()
    except OSError:
        raise click.UsageError("the current folder is gone or may not be read; change to one that is there") from None


cli.add_command(check)
cli.add_command(fix)
cli.add_command(fmt)
cli.add_command(adopt)
cli.add_command(new)
cli.add_command(graph)
cli.add_command(board)
cli.add_command(template)
cli.add_command(rule)
cli.add_command(config)
cli.add_command(doctor)
cli.add_command(hook)
cli.add_command(playground)
cli.add_command(completion)


def run() -> None:
    """Runs the subcommand that the arguments name and ends the process with its exit code."""
    try:
        cli(prog_name="spec-ls", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        say("interrupted")
        sys.exit(_INTERRUPTED)
