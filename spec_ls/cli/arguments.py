"""Arguments and options of several commands: what they take, what is wrong in words, what a shell proposes.

Proposals never raise: what cannot be read proposes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from spec_ls.cli.report import SEVERITIES
from spec_ls.cli.run import rules_named, template_file
from spec_ls.files import CannotRead
from spec_ls.git import git, root_of
from spec_ls.resolver import Policy, Resolver
from spec_ls.rules import CATALOGUE
from spec_ls.rules.pages import summary
from spec_ls.template import builtin_names
from spec_ls.template.model import Template

MARKDOWN = "markdown"
"""The kind of a proposal that has the shell propose folders and Markdown files by itself."""

_MOST_REFS = 500
_Command = TypeVar("_Command", bound=Callable[..., Any])
Proposals = list[CompletionItem[str]]


def _beginning(incomplete: str, names: Iterable[str]) -> Iterator[str]:
    return (name for name in names if name.casefold().startswith(incomplete.casefold()))


# --- files and folders


class MarkdownPath(click.ParamType[str]):
    """A path as it is given, of a file or folder; it is only said here that it is not empty."""

    name = "path"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not value:
            raise click.UsageError("a path is empty: name a file or a folder", ctx)
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> Proposals:
        return [CompletionItem(incomplete, type=MARKDOWN)]


class FolderPath(MarkdownPath):
    """The path of a folder."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> Proposals:
        return [CompletionItem(incomplete, type="dir")]


class AnyPath(MarkdownPath):
    """The path of a file of any kind."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> Proposals:
        return [CompletionItem(incomplete, type="file")]


# --- names


class RuleNames(click.ParamType[frozenset[str]]):
    """Rules, by their names with commas between."""

    name = "rules"

    def convert(
        self, value: str | frozenset[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> frozenset[str]:
        if not isinstance(value, str):
            return value
        option = param.opts[0] if param is not None else ""
        names = rules_named([value], option)
        if not names:
            raise click.BadParameter("it names no rule (all: spec-ls rule)", param_hint=option)
        return names

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> Proposals:
        head, comma, last = incomplete.rpartition(",")
        said = {name.strip() for name in head.split(",")}
        rules = {rule.name: rule for rule in CATALOGUE if rule.name not in said}
        return [CompletionItem(f"{head}{comma}{name}", help=summary(rules[name])) for name in _beginning(last, rules)]


class RuleName(click.ParamType[str]):
    """A rule."""

    name = "rule"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> Proposals:
        return RuleNames().shell_complete(ctx, param, incomplete) if "," not in incomplete else []


class TemplateName(click.ParamType[str]):
    """A template: one of the configuration or one that comes along, by its name, or a Markdown file."""

    name = "template"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> Proposals:
        names = _beginning(incomplete, self.names(ctx))
        return [*map(CompletionItem, names), CompletionItem(incomplete, type=MARKDOWN)]

    def names(self, ctx: click.Context) -> Sequence[str]:
        return _policy(ctx).names()


class BuiltinName(TemplateName):
    """A template that comes along, by its name, or a Markdown file."""

    def names(self, ctx: click.Context) -> Sequence[str]:
        return builtin_names()


class StatusName(click.ParamType[str]):
    """A status; which there are is the template's to say."""

    name = "status"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> Proposals:
        states = {state.name: state.meaning for template in _templates(ctx) for state in template.states}
        return [CompletionItem(name, help=states[name] or None) for name in _beginning(incomplete, states)]


class Commit(click.ParamType[str]):
    """A commit of git, by any of its names."""

    name = "commit"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return value or self.fail("it is empty: name a commit, such as origin/main", param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> Proposals:
        root = root_of(Path(_beside(ctx)))
        if root is None:
            return []
        given = git(root, "for-each-ref", f"--count={_MOST_REFS}", "--format=%(refname:short)")
        return [*map(CompletionItem, _beginning(incomplete, ["HEAD", *given.splitlines()]))]


def _beside(ctx: click.Context) -> str:
    """A file beside which the files named are taken to lie: in the first folder named, else in the current one."""
    first = next(iter(ctx.params.get("paths") or ()), ".")
    return os.path.realpath(os.path.join(first if os.path.isdir(first) else os.path.dirname(first), "-.md"))


def _policy(ctx: click.Context) -> Policy:
    return Resolver().policy(_beside(ctx))


def _templates(ctx: click.Context) -> Iterator[Template]:
    """Those that may judge the files named: the one that is asked for, else the configuration's, else what is
    recognised."""
    policy, asked = _policy(ctx), ctx.params.get("template")
    if not asked:
        yield from policy.named.values() or policy.recognised
        return
    named = policy.template(asked)
    if named is not None:
        yield named
        return
    try:
        yield template_file(asked)
    except (CannotRead, ValueError):
        return


# --- numbers


class Number(click.ParamType[int]):
    """A whole number from 1 on; `what` says what it counts, `otherwise` what there is besides."""

    name = "number"

    def __init__(self, what: str, otherwise: str = "") -> None:
        self.what, self.otherwise = what, otherwise

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            number = int(value)
        except ValueError:
            number = 0
        if number < 1:
            self.fail(f"{value!r} is no number of {self.what}: give one from 1 on{self.otherwise}", param, ctx)
        return number


# --- options that several commands have


def options(*given: Callable[[_Command], _Command]) -> Callable[[_Command], _Command]:
    """Gives a command several arguments and options, in the order in which its help lists them."""

    def decorate(command: _Command) -> _Command:
        for one in reversed(given):
            command = one(command)
        return command

    return decorate


def _rules(name: str, told: str) -> Callable[[_Command], _Command]:
    def joined(ctx: click.Context, param: click.Parameter, value: Sequence[frozenset[str]]) -> frozenset[str]:
        return frozenset().union(*value)

    return click.option(name, metavar="RULE,…", multiple=True, type=RuleNames(), callback=joined, help=told)


paths = click.argument("paths", metavar="PATH…", nargs=-1, required=True, type=MarkdownPath())
select = _rules("--select", "Only the findings of these rules.")
ignore = _rules("--ignore", "Not the findings of these rules.")
since = click.option(
    "--since",
    metavar="REF",
    default=None,
    type=Commit(),
    help="Only files that are not as they were at this commit of git.",
)
template = click.option(
    "--template",
    metavar="NAME|FILE",
    type=TemplateName(),
    help="The template of the specs: one of the configuration, a built-in one or a Markdown file.",
)
jobs = click.option(
    "--jobs",
    metavar="N",
    type=Number("processes", "; without it there is one for each core"),
    help="Processes to use.  [default: one for each core]",
)
fail_on = click.option(
    "--fail-on",
    type=click.Choice([*SEVERITIES, "never"]),
    default="error",
    show_default=True,
    help="Exit with 1 when a finding weighs this much or more.",
)


def status(told: str) -> Callable[[_Command], _Command]:
    """The option `--status`, with what it does told so."""
    return click.option("--status", metavar="STATUS", default="", type=StatusName(), help=told)


def form(choices: Sequence[str], default: str = "text") -> Callable[[_Command], _Command]:
    """The option `--format`."""
    return click.option("--format", "form", type=click.Choice(choices), default=default, show_default=True)
