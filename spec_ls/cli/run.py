"""A run over the files that a user names: which they are, what becomes of each, and how it went in all."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import click

from spec_ls.baseline import Known, write_baseline
from spec_ls.cli.jobs import Work, Worker, check_here, check_in_processes, processes_for
from spec_ls.cli.judging import Checked, Judging, Options, among, meant
from spec_ls.cli.progress import Progress, can_show_progress
from spec_ls.cli.report import Output, Printed, Report, Totals, counted, place_of, say, shown_path
from spec_ls.files import CannotRead, Source, decode, markdown_files, read_source, replace_file
from spec_ls.git import UnknownChanges, changed_since, root_of
from spec_ls.outside import Outside
from spec_ls.resolver import Resolver
from spec_ls.rules import CATALOGUE
from spec_ls.template import builtin
from spec_ls.template.model import Template
from spec_ls.template.read import read_template

STDIN = "-"
NO_NAME = "<stdin>"
_SECONDS = 0.5
"""Between two looks at watched files; longer where a look takes long itself."""


def log_to_stderr() -> None:
    """What the core has to say goes to standard error, each thing once and not once a file."""
    logging.basicConfig(stream=sys.stderr, format="spec-ls: %(message)s", level=logging.WARNING)
    said: set[str] = set()

    def is_new(record: logging.LogRecord) -> bool:
        known, message = len(said), record.getMessage()
        said.add(message)
        return len(said) > known

    for handler in logging.getLogger().handlers:
        handler.addFilter(is_new)


def rules_named(values: Sequence[str], option: str) -> frozenset[str]:
    """The rules of an option that may be there several times, each with several names. Raises click.BadParameter."""
    known = [rule.name for rule in CATALOGUE]
    names = [name.strip() for value in values for name in value.split(",") if name.strip()]
    for name in names:
        if name not in known:
            message = f"there is no rule {name!r}{meant(name, known)} (all: spec-ls rule)"
            raise click.BadParameter(message, param_hint=option)
    return frozenset(names)


def template_named(name: str | None, resolver: Resolver) -> Template | None:
    """The template that `--template` means; one of the configuration or a built-in one goes before a file."""
    if name is None:
        return None
    policy = resolver.policy(os.path.join(os.getcwd(), STDIN))
    named = policy.template(name)
    if named is not None:
        return named
    return file_for_template(name, policy.names(), "--template")


def file_for_template(path: str, names: Sequence[str], option: str) -> Template:
    """The template of a file that is named in the place of one of these templates. Raises click.BadParameter."""
    if not os.path.exists(path):
        message = f"no template and no file is called {path!r}{among(path, names)}"
        raise click.BadParameter(message, param_hint=option)
    try:
        return template_file(path)
    except (CannotRead, ValueError) as error:
        raise click.BadParameter(str(error), param_hint=option) from None


def template_file(path: str) -> Template:
    """A Markdown file as a template, named after the file. Raises CannotRead, and ValueError where it is none."""
    try:
        template = read_template(read_source(path), Path(path).stem)
    except CannotRead as error:
        raise CannotRead(f"{path}: {error}") from None
    if not template.sections and not template.fields:
        raise ValueError(f"{path} has neither sections nor metadata to hold a spec against")
    return template


def printer(report: Report) -> Callable[[Printed], None]:
    """Writes what a report says: in colours to a terminal, or where FORCE_COLOR asks for them; NO_COLOR wins."""
    forced = os.environ.get("FORCE_COLOR", "0") not in ("", "0")
    if report.in_colour and not os.environ.get("NO_COLOR") and (sys.stdout.isatty() or forced):
        from spec_ls.cli.terminal import TerminalOutput  # rich takes a while

        return TerminalOutput().write
    output = Output()

    def write(printed: Printed) -> None:
        text = "".join(one if isinstance(one, str) else one.text for one in printed)
        if text:
            output.write(text, report.encoding)

    return write


class _Folder(NamedTuple):
    """A folder that was named: how many Markdown files it has, whether some of them had been met already, and which of
    all files are those new with it."""

    path: str
    files: int
    has_known: bool
    first: int
    last: int


@dataclass(slots=True)
class Run:
    """What to check and how; `check` goes over all files once, and may be asked again.

    `cache` is the folder in which results are kept, `cards` that for cards of other specs; None: nowhere.
    `since`: only files that have changed since that commit. `shrinks`: take out of the baselines what was mended.
    """

    paths: Sequence[str]
    options: Options
    report: Callable[[], Report]
    resolver: Resolver
    stdin_name: str = NO_NAME
    since: str = ""
    jobs: int = 0
    cache: Path | None = None
    cards: Path | None = None
    shrinks: bool = True
    totals: Totals = field(default_factory=Totals)
    _own: Worker | None = None
    _told: set[str] = field(default_factory=set)

    def check(self) -> Totals:
        """Checks all files and writes the report."""
        self.totals, self._told = Totals(), set()
        report = self.report()
        write = printer(report)
        write(report.begin())
        for source, checked in self._results():
            self.totals.add(checked)
            self._tell(source, checked)
            write(report.file(checked))
        for path, faulty in self.resolver.faults().items():
            for fault in faulty.faults:
                self._trouble(f"{place_of(path, fault.span)}: {fault.message}")
        if not self.totals.specs and not self.totals.failed:
            if self.since:
                say(f"no spec has changed since {self.since}")
            else:
                self._trouble("nothing was checked: no spec among the files named")
        write(report.end(self.totals))
        return self.totals

    def _trouble(self, message: str) -> None:
        self.totals.failed = True
        say(message)

    # --- the files

    def _sources(self) -> tuple[list[Source], list[_Folder]]:
        """Each file once, under the name it is met by first, and the folders."""
        seen: set[str] = set()
        several = len(self.paths) > 1
        named = {os.path.realpath(path) for path in self.paths} if several else set()
        template_file = os.path.realpath(self.options.template_file) if self.options.template_file else ""
        sources: list[Source] = []
        folders: list[_Folder] = []
        for path in self.paths:
            if not path:
                raise click.UsageError("a path is empty: name a file or a folder")
            if path == STDIN or not os.path.isdir(path):
                new = [source for source in [Source(path, named=True)] if _is_new(source, seen)]
                sources += new
                continue
            found = markdown_files(path)
            for trouble in found.troubles:
                self._trouble(trouble)
            new = found.sources
            if several:
                new = [Source(one.path, os.path.realpath(one.path) in named) for one in new if _is_new(one, seen)]
            known = len(found.sources) - len(new)
            if template_file:
                new = [one for one in new if os.path.realpath(one.path) != template_file]
            folders.append(_Folder(path, len(found.sources), bool(known), len(sources), len(sources) + len(new)))
            sources += new
        return sources, folders

    def _changed(self, sources: list[Source]) -> list[Source]:
        """Those that have changed since the commit. Raises click.UsageError where git cannot say, also if there are no
        files."""
        changed: dict[Path, frozenset[str]] = {}
        roots: dict[str, Path | None] = {}

        def changed_around(path: str, folder: str) -> frozenset[str]:
            if folder not in roots:
                roots[folder] = root_of(Path(folder, STDIN))
            root = roots[folder]
            if root is None:
                raise click.UsageError(f"--since asks git, and {path} lies in no repository")
            if root not in changed:
                try:
                    changed[root] = changed_since(root, self.since)
                except UnknownChanges as error:
                    raise click.UsageError(f"--since: {error}") from None
            return changed[root]

        for path in () if sources else filter(os.path.isdir, self.paths):
            changed_around(path, os.path.realpath(path))
        real_paths = [(source, os.path.realpath(source.path)) for source in sources]
        return [source for source, real in real_paths if real in changed_around(source.path, os.path.dirname(real))]

    # --- the results

    def _results(self) -> Iterator[tuple[Source, Checked]]:
        sources, folders = self._sources()
        if self.since:
            sources, folders = self._changed(sources), []
        left: dict[str, Known] = {}
        specs = bytearray(len(sources))
        for number, (source, checked) in enumerate(self._with_progress(sources)):
            specs[number] = checked.kind != "other"
            if checked.left is not None and source.path != STDIN:  # what is there is the file's to say
                left[os.path.realpath(checked.name)] = checked.left
            yield source, checked
        self._know(sources)
        if self.shrinks and not self.totals.failed and self.options.template is None:
            self._shrink_baselines(left)
        for folder in folders:
            if not folder.has_known and not any(specs[folder.first : folder.last]):
                looked_at = counted(folder.files, "Markdown file")
                self._trouble(f"{folder.path}: no specs in this folder ({looked_at} looked at)")

    def _with_progress(self, sources: list[Source]) -> Iterator[tuple[Source, Checked]]:
        files = [source for source in sources if source.path != STDIN]
        progress = Progress(len(sources)) if len(sources) > 1 and can_show_progress() else None
        results = self._checked(files)
        for number, source in enumerate(sources, 1):
            checked = self._standard_input() if source.path == STDIN else next(results)
            if progress is not None and (checked.found or checked.kind == "unread" or number == len(sources)):
                progress.clear()
            yield source, checked
            if progress is not None and number < len(sources):
                progress.step(number)
        for _ in results:  # lets it finish: it keeps what was found
            pass

    def _checked(self, files: Sequence[Source]) -> Iterator[Checked]:
        folders = tuple(path for path in self.paths if os.path.isdir(path))
        work = Work(self.options, self.cache, self.cards, folders, self.jobs)
        processes = processes_for(len(files), self.jobs)
        if processes > 1:
            return check_in_processes(files, work, processes, self.resolver)
        if self._own is None:
            self._own = Worker(work, self.resolver)
        self._own.look_again()
        return check_here(files, self._own)

    def _standard_input(self) -> Checked:
        try:
            source = decode(sys.stdin.buffer.read())
        except CannotRead as error:
            return Checked(self.stdin_name, "unread", str(error))
        judging = Judging(self.resolver, Outside(policy=self.resolver.policy), self.options, self.stdin_name != NO_NAME)
        return judging.text(self.stdin_name, source, True).checked

    def _tell(self, source: Source, checked: Checked) -> None:
        """Says on standard error what a file's result says beside its findings."""
        for trouble in checked.troubles:
            if trouble not in self._told:
                self._told.add(trouble)
                say(trouble)
        if checked.kind == "unread" and checked.why not in checked.troubles:
            say(f"{checked.name}: {checked.why}")
        elif checked.kind == "other" and source.named:
            template = self.options.template_file or builtin().name
            say(f"{checked.name}: not a spec: {checked.why}; --template {template} checks it all the same")

    def _know(self, sources: list[Source]) -> None:
        """Has the resolver read what governs the files, where other processes have checked them."""
        for folder in {os.path.dirname(source.path) for source in sources if source.path != STDIN}:
            self.resolver.policy(os.path.join(folder, STDIN))

    def _shrink_baselines(self, left: dict[str, Known]) -> None:
        """Takes out of each baseline what the specs checked do not have any more, and files that are gone."""
        for path, known in self.resolver.baselines().items():
            folder = os.path.dirname(path)
            kept = {
                name: left.get(os.path.join(folder, name), findings)
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

    # --- again and again

    def watch(self) -> None:
        """Checks, and checks again whenever a file has changed, until the user interrupts."""
        with suppress(KeyboardInterrupt):
            self._watch()

    def _watch(self) -> None:
        seen: dict[str, tuple[int, int, int]] | None = None
        while True:
            begun = time.monotonic()
            now = self._stamps()
            if self.resolver.refresh() or now != seen:
                seen = now
                if sys.stdout.isatty():
                    Output().write("\x1b[2J\x1b[3J\x1b[H")
                self.check()
                say(f"watching {counted(len(now), 'file')}; Ctrl-C ends")
            time.sleep(max(_SECONDS, 4 * (time.monotonic() - begun)))

    def _stamps(self) -> dict[str, tuple[int, int, int]]:
        """What tells one state of the files from another."""
        stamps: dict[str, tuple[int, int, int]] = {}
        for path in self.paths:
            sources = markdown_files(path).sources if os.path.isdir(path) else [Source(path, named=True)]
            for source in sources:
                try:
                    found = os.stat(source.path)
                except OSError:
                    continue
                stamps[source.path] = found.st_mtime_ns, found.st_size, found.st_ino
        return stamps


def _is_new(source: Source, seen: set[str]) -> bool:
    """Whether a file is met for the first time; it is seen from now on."""
    real = source.path if source.path == STDIN else os.path.realpath(source.path)
    known = len(seen)
    seen.add(real)
    return len(seen) > known
