"""The subcommands of `spec-ls`."""

from __future__ import annotations

import sys

import click
from click.shell_completion import get_completion_class

from spec_ls import __version__
from spec_ls.cli.adopt import adopt
from spec_ls.cli.board import board
from spec_ls.cli.check import check
from spec_ls.cli.config import config
from spec_ls.cli.doctor import doctor
from spec_ls.cli.fix import fix, fmt
from spec_ls.cli.graph import graph
from spec_ls.cli.hook import hook
from spec_ls.cli.new import new
from spec_ls.cli.playground import playground
from spec_ls.cli.report import Output, say
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


@cli.command(short_help="Print what makes a shell complete commands and options.")
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def completion(shell: str) -> None:
    """Prints the script that lets a shell complete spec-ls; put it where your shell reads its settings.

    \b
      spec-ls completion bash >> ~/.bashrc
      spec-ls completion zsh >> ~/.zshrc
      spec-ls completion fish > ~/.config/fish/completions/spec-ls.fish
    """
    made = get_completion_class(shell)
    assert made is not None
    Output().write(made(cli, {}, "spec-ls", "_SPEC_LS_COMPLETE").source() + "\n", "utf-8")


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
