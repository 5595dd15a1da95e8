"""`spec-ls rule`: the rules' reference in the terminal."""

from __future__ import annotations

import sys

import click

from spec_ls.cli.arguments import RuleName
from spec_ls.cli.report import Output
from spec_ls.cli.run import rules_named
from spec_ls.rules import CATALOGUE
from spec_ls.rules import rule as rule_of
from spec_ls.rules.pages import page, summary


@click.command(short_help="Explain a rule, or list all.")
@click.argument("name", metavar="[NAME]", default="", required=False, type=RuleName())
def rule(name: str) -> None:
    """Prints what a rule reports, why, an example and how to mend it; without NAME, all rules.

    \b
      spec-ls rule                  all rules, one a line
      spec-ls rule missing-item     one rule's page
    """
    if not name:
        width = max(len(one.name) for one in CATALOGUE)
        Output().write("".join(f"{one.name:{width}}  {summary(one)}\n" for one in CATALOGUE))
        return
    names = rules_named([name], "NAME")
    if len(names) != 1:
        raise click.BadParameter("name one rule", param_hint="NAME")
    text = page(rule_of(*names))
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.markdown import Markdown

        Console().print(Markdown(text))
    else:
        Output().write(text)
