"""One file, checked: all that a report may say of it as plain values, which a process or the cache can hand on."""

from __future__ import annotations

import hashlib
import logging
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, NamedTuple

from spec_ls.baseline import Known, kind_of, still_there
from spec_ls.cli.excerpt import Excerpt, excerpt
from spec_ls.features.actions import fixed_together
from spec_ls.features.format import format_edits
from spec_ls.files import CannotRead, CannotWrite, decode, rewrite_file
from spec_ls.lifecycle import at_state
from spec_ls.outside import Outside
from spec_ls.resolver import Resolver, read_bounded
from spec_ls.rules import fixes, overdue_review, skipped_move, stale_approval
from spec_ls.rules.base import Fix, Problem, Severity
from spec_ls.template.model import Template
from spec_ls.text import TOP, Edit, Span, Text, apply_edits
from spec_ls.workspace import MOST_BYTES, Document, looks_filled_in

log = logging.getLogger(__name__)

_MOST_ROUNDS = 6
"""How often a text is judged again for what only the fixes made so far let be fixed."""
_OF_HISTORY = frozenset(one.RULE.name for one in (overdue_review, skipped_move, stale_approval))
"""The rules that are silent where history is not known to its beginning, in a shallow clone say."""


class Region(NamedTuple):
    """A range of a text: offsets (code points) and, for programs, characters (UTF-16 code units), all from zero."""

    line: int
    start: int
    end_line: int
    end: int
    character: int
    end_character: int


class Mend(NamedTuple):
    """A way to mend a finding: each edit is what it replaces and the new text."""

    title: str
    certain: bool
    edits: tuple[tuple[Region, str], ...]


class Beside(NamedTuple):
    """Another place that explains a finding; `path` is that of another file, empty for one in the same."""

    path: str
    region: Region
    message: str


class Shown(NamedTuple):
    """A finding. `fingerprint` stays as it is when lines move; of equal findings in a file each has its own."""

    rule: str
    severity: Severity
    message: str
    region: Region
    excerpt: Excerpt
    fingerprint: str
    fixes: tuple[Mend, ...]
    related: tuple[Beside, ...]

    @property
    def fixable(self) -> bool:
        """Whether there is a fix that needs no judgement."""
        return any(fix.certain for fix in self.fixes)


class Checked(NamedTuple):
    """What there is to say of a file. `kind` is `unread` where it could not be checked, and `why` says what it is.

    - `troubles`: what else is for standard error, once in a run
    - `left`: of what the baseline knows of it, what is still there; None where nothing is known
    - `mended`: how many findings were fixed, `before` and `after` the texts around that (both empty: nothing was). What
      was `found` is what is left, or where nothing is written what was there
    """

    name: str
    kind: Literal["spec", "other", "unread"]
    why: str
    status: str = ""
    found: tuple[Shown, ...] = ()
    troubles: tuple[str, ...] = ()
    left: Mapping[tuple[str, str], int] | None = None
    mended: int = 0
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """What to check for and what to do. `select` and `ignore` name rules; no `select` means all.

    `status`: the findings are those that a spec would have with that status. `fix`: make the fixes that are certain, or
    the likely ones as well, or format; `write`: into the file.
    """

    template: Template | None = None
    template_file: str = ""
    max_bytes: int = MOST_BYTES
    status: str = ""
    select: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()
    fix: Literal["", "certain", "likely", "format"] = ""
    write: bool = False

    def wants(self, problem: Problem) -> bool:
        """Whether the findings of its rule are asked for."""
        return problem.rule not in self.ignore and (not self.select or problem.rule in self.select)

    def takes(self, fix: Fix) -> bool:
        """Whether a fix is one of those to be made."""
        return fix.certain or self.fix == "likely"


class UnknownStatus(Exception):
    """The template has no such status; the message names those it has."""


class Judged(NamedTuple):
    """What there is to say of a file, and the document behind it; None where it is no spec."""

    checked: Checked
    document: Document | None = None


@dataclass(frozen=True, slots=True)
class Judging:
    """By what files are judged: what governs them, what the world around them says, and the options."""

    resolver: Resolver
    outside: Outside
    options: Options
    is_file: bool = True
    """Texts are those of files, or called as if they were."""

    def text(self, name: str, source: str, named: bool) -> Judged:
        """Checks the text of the file at the path `name`. `named`: by the user, not found in a folder. Never raises."""
        try:
            return _judged(name, source, named, self)
        except UnknownStatus as error:
            return Judged(Checked(name, "unread", str(error), troubles=(str(error),)))
        except Exception:
            log.exception("%s: could not be checked; please report this", name)
            return Judged(Checked(name, "unread", "it was not checked"))

    def document(self, name: str, source: str) -> Document:
        """A document with all that the command line knows of it."""
        options = self.options
        policy = self.resolver.policy(name)
        document = Document(source, options.template, policy=policy, max_bytes=options.max_bytes)
        if document.decision.is_spec:
            self.outside.know(document, os.path.realpath(name) if self.is_file else None)
        return document


def check_text(name: str, source: str, named: bool = True, options: Options | None = None) -> Checked:
    """Checks one text, as `spec-ls check` does that has nothing else to check. Never raises."""
    resolver = Resolver()
    return Judging(resolver, Outside(policy=resolver.policy), options or Options()).text(name, source, named).checked


def _judged(name: str, source: str, named: bool, judging: Judging) -> Judged:
    options = judging.options
    document = judging.document(name, source)
    decision = document.decision
    if not named and options.template is not None:
        decision = looks_filled_in(document.spec)
    if not decision.is_spec:
        return Judged(Checked(name, "other", decision.why))
    after, mended = source, 0
    troubles: tuple[str, ...] = ()
    if options.fix:
        fixed, mended = _mended(name, document, judging)
        after = fixed.text.source
        if options.write and after != source:
            try:
                rewrite_file(name, source, after)
                document = fixed
                judging.outside.wrote(fixed, os.path.realpath(name))
            except CannotWrite as error:
                troubles = (f"{name}: {error}",)
                after, mended = source, 0
    spec = document.spec
    checked = Checked(
        name,
        "spec",
        decision.why,
        spec.state.name if spec.state else "",
        tuple(_shown(document, problems(document, options))),
        troubles + _crashes(name, document),
        _left(document),
        mended,
        source if after != source else "",
        after if after != source else "",
    )
    return Judged(checked, document)


def _left(document: Document) -> Known | None:
    """What the document still has of what its baseline knows; None where there is none, or too much text to judge."""
    policy = document.policy
    if not policy.known or not policy.file or document.is_large:
        return None
    moves = document.spec.known.moves
    untold = () if moves and moves[-1].before is not None else _OF_HISTORY
    return still_there(document.all_problems(), document.text, policy.known, untold)


def problems(document: Document, options: Options) -> list[Problem]:
    """The findings that are asked for. Raises UnknownStatus."""
    found = document.problems()
    if options.status and not document.is_large:
        template = document.spec.template
        state = template.state(options.status)
        if state is None:
            names = [one.name for one in template.states]
            told = f"the template {template.name} has no status {options.status!r}{among(options.status, names)}"
            raise UnknownStatus(told)
        found = at_state(document.spec, state, document.problems)
    return [problem for problem in found if options.wants(problem)]


def _crashes(name: str, document: Document) -> tuple[str, ...]:
    return tuple(
        f"{name}: the rule {crashed} failed and its findings are left out; please report this"
        for crashed in document.new_crashes()
    )


def _mended(name: str, document: Document, judging: Judging) -> tuple[Document, int]:
    """The document with its fixes made, and how many: again and again, as one fix can make room for the next."""
    made, seen, options = 0, {document.text.source}, judging.options
    for _ in range(_MOST_ROUNDS):
        count, edits = _edits(document, options)
        after = apply_edits(document.text.source, edits)
        if after in seen or not _can_be_read(after):
            break
        seen.add(after)
        document, made = judging.document(name, after), made + count
        if not document.decision.is_spec:
            break
    return document, made


def _edits(document: Document, options: Options) -> tuple[int, Sequence[Edit]]:
    """What there is to change in a document as it is, and how many findings or places that sees to."""
    if document.is_large:
        return 0, ()
    if options.fix == "format":
        edits = format_edits(document.spec)
        return len(edits), edits
    return fixed_together(document.spec, problems(document, options), options.takes)


def _can_be_read(text: str) -> bool:
    try:
        return decode(text.encode("utf-8")) == text
    except (UnicodeEncodeError, CannotRead):
        return False


def _shown(document: Document, found: list[Problem]) -> Iterator[Shown]:
    text, times = document.text, Counter[tuple[str, str]]()
    for problem in found:
        kind = kind_of(problem, text)
        times[kind] += 1
        yield Shown(
            problem.rule,
            problem.severity,
            problem.message,
            region(text, problem.span),
            excerpt(text, problem.span),
            hashlib.sha256("\0".join(kind).encode("utf-8", "surrogatepass")).hexdigest()[:16] + f":{times[kind]}",
            tuple(
                Mend(fix.title, fix.certain, tuple((region(text, edit.span), edit.new_text) for edit in fix.edits))
                for fix in fixes(document.spec, problem.finding)
            ),
            tuple(_beside(document, problem)),
        )


def _beside(document: Document, problem: Problem) -> Iterator[Beside]:
    for related in problem.finding.related:
        yield Beside("", region(document.text, document.spec.span(related.place)), related.message)
    for path, span, message in problem.finding.elsewhere:
        with suppress(CannotRead):
            text = Text(read_bounded(path))
            yield Beside(path, region(text, span if text.reaches(span) else TOP), message)


def region(text: Text, span: Span) -> Region:
    """The span with its characters."""
    first, last = text.character(span.first, "utf-16"), text.character(span.last, "utf-16")
    return Region(*span, first, last)


def meant(name: str, known: Sequence[str]) -> str:
    """`; is Draft meant?` where a name that there is not is near to one of those; else empty."""
    from rapidfuzz.fuzz import ratio
    from rapidfuzz.process import extractOne

    near = extractOne(name, known, scorer=ratio, processor=str.casefold, score_cutoff=60)
    return f"; is {near[0]} meant?" if near else ""


def among(name: str, known: Sequence[str]) -> str:
    """The end of a message about a name that is none of those: `; is Draft meant? There are: Draft, Review`."""
    near, there_are = meant(name, known), f"here are: {', '.join(known) or 'none'}"
    return f"{near} T{there_are}" if near else f"; t{there_are}"
