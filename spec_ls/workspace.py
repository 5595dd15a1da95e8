"""The one mutable shell: open documents, and whether they are specs at all."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

from spec_ls.files import MARKDOWN
from spec_ls.outline import Outline
from spec_ls.outline.changes import Changes
from spec_ls.outline.inline import skeleton
from spec_ls.rules import Judge, large_document
from spec_ls.rules.base import Problem
from spec_ls.spec import Spec
from spec_ls.template import builtin, builtin_names, template_paths
from spec_ls.template.model import Stage, Template
from spec_ls.text import Span, Text

MOST_BYTES = 5_000_000
"""Bytes in UTF-8. Of a document that is larger only that is said."""
_HEAD = 50_000
"""Code points at the start of a large document that decide whether it is a spec."""
_TEMPLATE_WORD = re.compile(r"template\s*[=:]\s*[\"']?([\w./-]+)[\"']?$")


class Replacement(NamedTuple):
    """One content change of LSP: `new_text` for what `span` covers, or for everything where `span` is None."""

    span: Span | None
    new_text: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a document is a spec, by which of the ways, and why in words for the author."""

    is_spec: bool
    by: Literal["forced", "kind", "word", "recognition"]
    why: str


class Document:
    """A text with everything known of it, kept up by the size of the edit.

    `template` forces that template; without it the document's own words decide, then recognition. A file that
    is not Markdown (`may_be_spec` False) or the template's own (by `path`) is no spec.
    Above `max_bytes` only its beginning is read, for whether it is a spec at all: `is_large` then.
    Never raises on any text.
    """

    def __init__(
        self,
        source: str,
        template: Template | None = None,
        *,
        may_be_spec: bool = True,
        path: str | None = None,
        max_bytes: int = MOST_BYTES,
    ) -> None:
        self._forced = template
        self._barred = _barred(may_be_spec, path) if template is None else None
        self._told: set[str] = set()
        self._changes = Changes()
        self._judge: Judge | None = None
        self.text = Text(source)
        self._size = _bytes(source)
        self._max_bytes = max_bytes
        self._large: list[Problem] | None = None
        self._outline: Outline
        self._spec: Spec
        self._decision: Decision
        self._read()

    @property
    def outline(self) -> Outline:
        """The outline of the text as it is now."""
        self._settle()
        return self._outline

    @property
    def spec(self) -> Spec:
        """The text as it is now, bound to its template."""
        self._settle()
        return self._spec

    @property
    def decision(self) -> Decision:
        """Whether the text as it is now is a spec."""
        self._settle()
        return self._decision

    @property
    def is_large(self) -> bool:
        """Whether the text is too large to be judged: `outline` and `spec` are then those of its beginning."""
        self._settle()
        return self._large is not None

    @property
    def judge(self) -> Judge:
        """The findings as they are kept up; made when first asked for."""
        self._settle()
        if self._judge is None:
            self._judge = Judge(self._spec)
        return self._judge

    def change(self, replacement: Replacement) -> None:
        """Takes one content change. What follows from it is found out when something is asked."""
        span, new_text = replacement
        if span is None:
            self._size = _bytes(new_text)
            self._changes.add(self.text.replace(new_text))
        else:
            first, last = sorted((span.first, span.last))
            self._size += _bytes(new_text) - _bytes(self.text.slice(Span(*first, *last)))
            self._changes.add(self.text.splice(span, new_text))

    def _settle(self) -> None:
        if not self._changes:
            return
        if self._large is not None or self._size > self._max_bytes:
            self._changes.take()
            self._read()
            return
        touched = self._spec.update(self._outline.update(self._changes.take()))
        if touched is None:
            self._decision = self._decide()
            named = self._other_template()
            if named:
                self._bind(builtin(named))
                return
        if self._judge is not None:
            self._judge.refresh(touched)

    def _read(self) -> None:
        """Reads the text anew; of one that is too large, its beginning."""
        text, is_large = self.text, self._size > self._max_bytes
        if is_large:
            head = _head(text)
            if self._large is None or head != self._outline.text.source:
                self._outline = Outline(Text(head))
                self._bind(self._forced or builtin())
            found = large_document.finding(self._spec, self._size, self._max_bytes)
            span = self._spec.span(found.place)
            self._large = [Problem(found.rule, "information", found.message, span, found)]
        else:
            self._large = None
            self._outline = Outline(text)
            self._bind(self._forced or builtin())

    def _bind(self, template: Template) -> None:
        self._spec = Spec(self._outline, template)
        self._decision = self._decide()
        named = self._other_template()
        if named:
            self._spec = Spec(self._outline, builtin(named))
            self._decision = self._decide()
        self._judge = None

    def _other_template(self) -> str:
        """The built-in template that the document itself asks for, where that is another one than now."""
        named = _named_template(self._spec) if self._forced is None else ""
        return named if named in builtin_names() and named != self._spec.template.name else ""

    def _decide(self) -> Decision:
        return self._barred or decide(self._spec, self._forced)

    def problems(self, stage: Stage | None = None) -> list[Problem]:
        """What is wrong with the spec, in the order of the text; empty where the document is none.

        `stage` asks what would be wrong there; by default the document's own status decides.
        """
        if not self.decision.is_spec:
            return []
        return self.judge.problems(stage) if self._large is None else self._large

    def new_crashes(self) -> list[str]:
        """The rules that have failed since this was last asked."""
        crashed = [] if self.is_large else sorted(self.judge.crashed - self._told)
        self._told.update(crashed)
        return crashed


def _bytes(source: str) -> int:
    """How many bytes `source` takes in UTF-8."""
    return len(source) if source.isascii() else len(source.encode("utf-8", "surrogatepass"))


def _head(text: Text) -> str:
    """The first lines of a text, or the beginning of its first one."""
    parts: list[str] = []
    left = _HEAD
    for line in text.lines:
        if len(line) > left:
            return "".join(parts) or line[:left]
        parts.append(line)
        left -= len(line)
    return "".join(parts)


def is_markdown(language_id: str, uri: str) -> bool:
    """Whether a document that a client opens may be a spec: by its language, else by its file's ending."""
    if language_id.lower() in ("markdown", "md", "mdx", "rmd", "quarto", "pandoc"):
        return True
    return uri.lower().split("?", 1)[0].split("#", 1)[0].endswith(MARKDOWN)


def is_template_file(path: str) -> bool:
    """Whether a path is that of a template that comes with spec-ls; False for one that cannot be."""
    try:
        real = os.path.realpath(path)
    except (OSError, ValueError):
        return False
    return any(real == os.path.realpath(own) for own in template_paths())


def _barred(may_be_spec: bool, path: str | None) -> Decision | None:
    """Why a file can be no spec whatever it says; None where it can."""
    if not may_be_spec:
        return Decision(False, "kind", "it is not Markdown")
    if path and is_template_file(path):
        return Decision(False, "kind", "it is a template itself")
    return None


def decide(spec: Spec, forced: Template | None) -> Decision:
    """Whether the document is a spec: the user said so, it says so itself, or it looks like a filled-in template."""
    if forced is not None:
        return Decision(True, "forced", f"the template {forced.name} was asked for")
    words = spec.words
    if "off" in words:
        return Decision(False, "word", "the comment <!-- spec-ls: off --> in the document")
    named = _named_template(spec)
    if named:
        if named in builtin_names():
            return Decision(True, "word", f"the document names the template {named}")
        return Decision(False, "word", f"the document names the template {named}, which is not known")
    identifier = spec.template.field("id")
    field = spec.field(identifier)
    known = {other.slot.key for other in spec.carrier if other.slot}
    if identifier and field and (len(known) > 1 or skeleton(field.entry.value).startswith(skeleton(identifier.prefix))):
        return Decision(True, "recognition", f"its metadata has the field {identifier.name}")
    tops = spec.template.sections
    found = {fill.slot.index for fill in spec.fills if fill.parent is None and fill.fault != "misnamed"}
    if tops and len(found) * 2 >= len(tops):
        return Decision(True, "recognition", f"{len(found)} of the template's {len(tops)} sections are there")
    lacking = f"no field {identifier.name} and " if identifier else ""
    return Decision(
        False, "recognition", f"{lacking}only {len(found)} of the template's {len(tops)} sections are there"
    )


def _named_template(spec: Spec) -> str:
    for word in spec.words:
        found = _TEMPLATE_WORD.match(word)
        if found:
            return found[1]
    return ""
