"""The subcommands of `spec-ls`."""

from __future__ import annotations

import click

from spec_ls import __version__
from spec_ls.cli.adopt import adopt
from spec_ls.cli.board import board
from spec_ls.cli.check import check
from spec_ls.cli.completion import VARIABLE, completion
from spec_ls.cli.graph import graph
from spec_ls.cli.hook import hook
from spec_ls.cli.new import new
from spec_ls.cli.template import template


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


cli.add_command(check)
cli.add_command(adopt)
cli.add_command(new)
cli.add_command(graph)
cli.add_command(board)
cli.add_command(template)
cli.add_command(hook)
cli.add_command(completion)


def run() -> None:
    """Runs the subcommand that the arguments name and ends the process with its exit code."""
    cli(prog_name="spec-ls", complete_var=VARIABLE)
