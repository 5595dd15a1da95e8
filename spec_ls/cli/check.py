"""`spec-ls check`: the editor's findings on the command line."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

import click

from spec_ls.baseline import Known, still_there, write_baseline
from spec_ls.cli.diff import diff_of_fixes
from spec_ls.cli.report import JsonReport, LinesReport, PlainReport, Report, counted, place_of, say, shown_path
from spec_ls.files import CannotRead, Source, decode, markdown_files, read_source, replace_file
from spec_ls.outside import Outside
from spec_ls.resolver import Resolver
from spec_ls.rules.base import Severity
from spec_ls.template import builtin
from spec_ls.template.model import Template
from spec_ls.template.read import read_template
from spec_ls.workspace import MOST_BYTES, Document, looks_filled_in

Format = Literal["text", "json", "jsonl"]

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
STDIN = "-"
STDIN_NAME = "<stdin>"


@click.command(short_help="Check specs and print the findings.")
@click.argument("paths", metavar="PATH…", nargs=-1, required=True)
@click.option("--format", "form", type=click.Choice(get_args(Format)), default="text", show_default=True)
@click.option(
    "--fail-on",
    type=click.Choice([*SEVERITIES, "never"]),
    default="error",
    show_default=True,
    help="Exit with 1 when a finding weighs this much or more.",
)
@click.option("--template", metavar="NAME|FILE", help="Check against this template: a built-in one or a Markdown file.")
@click.option("--stdin-filename", metavar="NAME", help="What to call the text that '-' reads.")
@click.option(
    "--max-bytes",
    type=click.IntRange(min=1),
    default=MOST_BYTES,
    show_default=True,
    help="Of a spec that is larger, report only that.",
)
@click.option("--diff", "as_diff", is_flag=True, help="Print the certain fixes as a diff; write nothing.")
def check(
    paths: Sequence[str],
    form: Format,
    fail_on: str,
    template: str | None,
    stdin_filename: str | None,
    max_bytes: int,
    as_diff: bool,
) -> None:
    """Checks specs and prints what an editor would show.

    PATH is a file, a folder (its *.md and *.markdown files, those that .gitignore leaves out aside), or '-' for
    standard input. In a folder, files that are no specs are passed by in silence. A file that you name and that
    does not look like a spec is passed by with a message; --template checks it all the same. In a folder, --template
    says which template to hold the specs against; a file that does not look like one of them is still passed by.

    Columns in the text format count characters from 1; the JSON formats give LSP ranges, from 0, in UTF-16.

    \b
    Exit code:
      0  nothing as heavy as --fail-on was found
      1  something was
      2  a path is missing or cannot be read, an option is wrong, or there was no spec to check
    """
    if as_diff and form != "text":
        raise click.UsageError("--diff prints a diff; it goes with no other format")
    if stdin_filename is not None and STDIN not in paths:
        raise click.UsageError("--stdin-filename names the text that '-' reads: add '-'")
    _log_to_stderr()
    report: Report = _report(form)
    resolver = Resolver()
    run = _Run(
        _template(template, resolver),
        report,
        as_diff,
        max_bytes,
        template_file=template,
        resolver=resolver,
        outside=Outside(policy=resolver.policy),
        folders=[os.path.realpath(path) for path in paths if os.path.isdir(path)],
    )
    run.check_all(paths, stdin_filename or STDIN_NAME)
    report.close()
    sys.exit(run.exit_code(fail_on))


def _log_to_stderr() -> None:
    """What the core has to say goes to standard error, each thing once and not once a file."""
    logging.basicConfig(stream=sys.stderr, format="spec-ls: %(message)s", level=logging.WARNING)
    said: set[str] = set()

    def is_new(record: logging.LogRecord) -> bool:
        known, message = len(said), record.getMessage()
        said.add(message)
        return len(said) > known

    for handler in logging.getLogger().handlers:
        handler.addFilter(is_new)


def _report(form: Format) -> Report:
    if form == "json":
        return JsonReport()
    if form == "jsonl":
        return LinesReport()
    if sys.stdout.isatty():
        from spec_ls.cli.terminal import TerminalReport  # rich takes a while

        return TerminalReport()
    return PlainReport()


def _template(name: str | None, resolver: Resolver) -> Template | None:
    """The template that `--template` means; one of the configuration or a built-in one goes before a file."""
    if name is None:
        return None
    policy = resolver.policy(os.path.join(os.getcwd(), STDIN))
    named = policy.template(name)
    if named is not None:
        return named
    there_are = f"the templates are: {', '.join(policy.names())}"
    if not Path(name).is_file():
        raise click.BadParameter(f"no template and no file is called {name!r}; {there_are}", param_hint="--template")
    try:
        template = read_template(read_source(name), Path(name).stem)
    except CannotRead as error:
        raise click.BadParameter(f"{name}: {error}", param_hint="--template") from None
    if not template.sections and not template.fields:
        message = f"{name} has neither sections nor metadata to hold a spec against"
        raise click.BadParameter(message, param_hint="--template")
    return template


@dataclass(slots=True)
class _Run:
    """One command: what to check against, where the findings go, and how it went."""

    template: Template | None
    report: Report
    as_diff: bool
    max_bytes: int
    template_file: str | None
    resolver: Resolver
    outside: Outside
    folders: Sequence[str]
    specs: int = 0
    others: int = 0
    failed: bool = False
    left: dict[str, Known] = field(default_factory=dict)
    counts: dict[Severity, int] = field(default_factory=lambda: dict.fromkeys(SEVERITIES, 0))

    def check_all(self, paths: Sequence[str], stdin_name: str) -> None:
        for source in self._sources(paths):
            name = stdin_name if source.path == STDIN else source.path
            try:
                text = decode(sys.stdin.buffer.read()) if source.path == STDIN else read_source(source.path)
            except CannotRead as error:
                self._trouble(f"{name}: {error}")
                continue
            try:
                self._check(name, text, source.named)
            except BrokenPipeError:
                raise
            except Exception:
                logging.getLogger(__name__).exception("%s: could not be checked; please report this", name)
                self.failed = True
        for path, faulty in self.resolver.faults().items():
            for fault in faulty.faults:
                self._trouble(f"{place_of(path, fault.span)}: {fault.message}")
        if not self.as_diff and not self.failed and self.template is None:
            self._shrink_baselines()
        if not self.specs and not self.failed:
            self._trouble("nothing was checked: no spec among the files named")
        if not self.as_diff:
            self.report.summary(self._summary())

    def _sources(self, paths: Sequence[str]) -> Iterator[Source]:
        """Each file once, under the name it is met by first."""
        seen: set[str] = set()
        named = {os.path.realpath(path) for path in paths}
        template_file = os.path.realpath(self.template_file) if self.template and self.template_file else ""
        for path in paths:
            in_folder = path != STDIN and os.path.isdir(path)
            if in_folder:
                found = markdown_files(path)
                for trouble in found.troubles:
                    self._trouble(trouble)
                sources = found.sources
            else:
                sources = [Source(path, named=True)]
            before = self.specs
            known = 0
            for source in sources:
                real = source.path if source.path == STDIN else os.path.realpath(source.path)
                if real in seen:
                    known += 1
                elif not in_folder or real != template_file:
                    seen.add(real)
                    yield Source(source.path, source.named or real in named)
            if in_folder and self.specs == before and not known:
                self._trouble(f"{path}: no specs in this folder ({counted(len(sources), 'Markdown file')} looked at)")

    def _check(self, name: str, text: str, named: bool) -> None:
        document = Document(text, self.template, policy=self.resolver.policy(name), max_bytes=self.max_bytes)
        decision = document.decision
        if not named and self.template is not None:
            decision = looks_filled_in(document.spec)
        if not decision.is_spec:
            self.others += 1
            if named:
                say(f"{name}: not a spec: {decision.why}; --template {self._any_template} checks it all the same")
            return
        self.specs += 1
        is_file = name != STDIN_NAME
        self.outside.know(document, os.path.realpath(name) if is_file else None, self.folders)
        problems = document.problems()
        for problem in problems:
            self.counts[problem.severity] += 1
        for crashed in sorted(document.judge.crashed):
            self._trouble(f"{name}: the rule {crashed} failed and its findings are left out; please report this")
        if document.policy.known and document.policy.file:
            self.left[document.policy.file] = still_there(document.all_problems(), document.text, document.policy.known)
        if self.as_diff:
            self.report.diff(diff_of_fixes(name, document))
        else:
            self.report.findings(name, document, problems)

    def _shrink_baselines(self) -> None:
        """Takes out of each baseline what the specs checked do not have any more, and files that are gone."""
        for path, known in self.resolver.baselines().items():
            folder = os.path.dirname(path)
            kept = {
                name: self.left.get(os.path.join(folder, name), findings)
                for name, findings in known.items()
                if os.path.lexists(os.path.join(folder, name))
            }
            kept = {name: findings for name, findings in kept.items() if findings}
            before, after = (sum(sum(one.values()) for one in all_of.values()) for all_of in (known, kept))
            if after < before:
                try:
                    replace_file(path, write_baseline(kept))
                except OSError as error:
                    say(f"{shown_path(path)}: what was mended cannot be taken out: {error.strerror}")
                else:
                    say(f"{shown_path(path)}: {counted(before - after, 'finding')} mended and taken out")

    @property
    def _any_template(self) -> str:
        return self.template_file or builtin().name

    def _trouble(self, message: str) -> None:
        self.failed = True
        say(message)

    def _summary(self) -> str:
        found = [
            f"{count} {severity}" if severity == "information" else counted(count, severity)
            for severity, count in self.counts.items()
            if count
        ]
        summary = f"{', '.join(found) or 'no findings'} in {counted(self.specs, 'spec')}"
        if self.others:
            summary += f"; {counted(self.others, 'file is not a spec', 'files are not specs')}"
        return summary

    def exit_code(self, fail_on: str) -> int:
        if self.failed:
            return 2
        heavy = [] if fail_on == "never" else SEVERITIES[: SEVERITIES.index(fail_on) + 1]
        return int(any(self.counts[severity] for severity in heavy))
