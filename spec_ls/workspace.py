"""The one mutable shell: open documents, and whether they are specs at all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from spec_ls.baseline import unknown
from spec_ls.drift import is_upgraded
from spec_ls.files import MARKDOWN
from spec_ls.known import NOTHING, Known
from spec_ls.outline import Outline
from spec_ls.outline.changes import Changes
from spec_ls.outline.inline import skeleton
from spec_ls.resolver import Policy, default_policy
from spec_ls.rules import Judge, large_document
from spec_ls.rules.base import Problem, Severity, severities_of
from spec_ls.spec import Spec
from spec_ls.template import builtin
from spec_ls.template.model import Stage, Template
from spec_ls.text import Span, Text

if TYPE_CHECKING:
    from spec_ls.catalogue import Card, CardMaker

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
    by: Literal["forced", "kind", "word", "glob", "recognition"]
    why: str


class Document:
    """A text with everything known of it, kept up by the size of the edit.

    `template` forces that template. Without it `policy` says what may judge the text: what its own words name, else
    what a glob binds it to, else what it is recognised by. A file that is not Markdown (`may_be_spec` False) is no
    spec, nor is one that the policy bars. Above `max_bytes` only its beginning is read, for whether it is a spec at
    all: `is_large` then. Never raises on any text.
    """

    def __init__(
        self,
        source: str,
        template: Template | None = None,
        *,
        may_be_spec: bool = True,
        policy: Policy | None = None,
        max_bytes: int = MOST_BYTES,
    ) -> None:
        self._forced = template
        self._may_be_spec = may_be_spec
        self.policy = policy or default_policy()
        self._told: set[str] = set()
        self._changes = Changes()
        self._known: tuple[Template | None, Known] = None, NOTHING
        self._judge: Judge | None = None
        self._found: list[Problem] | None = None
        self._left: list[Problem] = []
        self._waiting = False
        self.text = Text(source)
        self.backlog = 0
        """Code points that came with changes and have not been read yet."""
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
    def severities(self) -> Mapping[str, Severity | None]:
        """What rules weigh here: what the template says of them, and before that what the configuration does."""
        of_template = self._spec.template.severities
        return {**severities_of(of_template), **self.policy.severities} if of_template else self.policy.severities

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
    def waiting(self) -> bool:
        """Whether it is still being found out which version of its template judges; until then, today's does."""
        self._settle()
        return self._waiting

    @property
    def judge(self) -> Judge:
        """The findings as they are kept up; made when first asked for."""
        self._settle()
        if self._judge is None:
            self._judge = Judge(self._spec, self.severities)
        return self._judge

    def change(self, replacement: Replacement) -> None:
        """Takes one content change. What follows from it is found out when something is asked."""
        span, new_text = replacement
        if span is None:
            self._size = _bytes(new_text)
            change = self.text.replace(new_text)
            self.backlog += sum(map(len, self.text.lines[change.line : change.line + change.added]))
        else:
            self._size += len(new_text) if new_text.isascii() else _bytes(new_text)
            if span[:2] != span[2:]:
                first, last = sorted((span[:2], span[2:]))
                self._size -= _bytes(self.text.slice(Span(*first, *last)))
            change = self.text.splice(span, new_text)
            self.backlog += len(new_text)
        self._changes.add(change)

    def govern(self, policy: Policy) -> None:
        """Judges the text by another policy from now on."""
        self._settle()
        self.policy = policy
        self._judge = self._found = None
        self._choose()

    def know(self, known: Known) -> bool:
        """Takes what the world around the document says, read for its template. Whether findings change by it that have
        been asked for."""
        self._settle()
        self._known = self._spec.template, known
        if self._judge is not None:
            return self._judge.know(known)
        self._spec.known = known
        return False

    def _known_for(self, template: Template) -> Known:
        """What is known of the world; of what was read for another template, the time."""
        read_for, known = self._known
        return known if template is read_for else Known(known.now)

    def _settle(self) -> None:
        if not self._changes.items:
            return
        self.backlog = 0
        if self._large is not None or self._size > self._max_bytes:
            self._changes.take()
            self._read()
            return
        before = self._spec
        touched = before.update(self._outline.update(self._changes.take()))
        if touched is None or touched.metadata or (touched.splices and len(self.policy.recognised) > 1):
            self._choose()
        if self._judge is not None and self._spec is before:
            self._judge.refresh(touched)

    def _read(self) -> None:
        """Reads the text anew; of one that is too large, its beginning."""
        text, is_large = self.text, self._size > self._max_bytes
        if not is_large:
            self._large = None
            self._outline = Outline(text)
            self._bind()
            return
        head = _head(text)
        if self._large is None or head != self._outline.text.source:
            self._outline = Outline(Text(head))
            self._bind()
        found = large_document.finding(self._spec, self._size, self._max_bytes)
        self._large = [Problem(found.rule, "information", found.message, self._spec.span(found.place), found)]

    def _bind(self) -> None:
        first = self._forced or self.policy.bound or next(iter(self.policy.recognised), builtin())
        self._spec = Spec(self._outline, first, known=self._known_for(first))
        self._judge = None
        self._choose()

    def _choose(self) -> None:
        """Decides whether the text is a spec and after which template, and binds it to that one."""
        template, self._decision = self._ruling()
        self._waiting = False
        today: Spec | None = None
        if self._decision.is_spec and self._forced is None:
            template, today = self._version(template)
        if template is not self._spec.template or (today and today.template) is not self._spec.newer:
            self._spec = Spec(self._outline, template, today, self._known_for(template))
            self._judge = None

    def _version(self, template: Template) -> tuple[Template, Spec | None]:
        """The version of `template` that judges; where that is an older one, with the text bound to today's."""
        version = self._spec.template_version
        past = self.policy.past(template, version)
        self._waiting = past is None
        if past is None or past is template:
            return template, None
        today = self._bound_to(template)
        if not version and is_upgraded(today, past):
            return template, None
        return past, today

    def _bound_to(self, template: Template) -> Spec:
        """The text bound to `template`."""
        spec = self._spec
        if spec.template is template:
            return spec if spec.today is None else Spec(self._outline, template)
        return spec.today if spec.today is not None and spec.newer is template else Spec(self._outline, template)

    def _ruling(self) -> tuple[Template, Decision]:
        spec, policy = self._spec, self.policy
        if self._forced is not None:
            return self._forced, Decision(True, "forced", f"the template {self._forced.name} was asked for")
        if not self._may_be_spec or policy.barred:
            return spec.template, Decision(False, "kind", policy.barred or "it is not Markdown")
        if "off" in spec.words:
            return spec.template, Decision(False, "word", "the comment <!-- spec-ls: off --> in the document")
        name = _named_template(spec)
        named = policy.template(name) if name else None
        if named is not None:
            return named, Decision(True, "word", f"the document names the template {name}")
        if policy.bound is not None:
            return policy.bound, Decision(True, "glob", policy.why)
        if name:
            known = ", ".join(policy.names())
            why = f"the document names the template {name}, which is not known; there are: {known}"
            return spec.template, Decision(False, "word", why)
        return recognise(spec, policy.recognised)

    def problems(self, stage: Stage | None = None) -> list[Problem]:
        """What is wrong with the spec, in the order of the text; empty where the document is none.

        `stage` asks what would be wrong there; by default the document's own status decides.
        """
        self._settle()
        if not self._decision.is_spec:
            return []
        if self._large is not None:
            return self._large
        found = self.judge.problems(stage)
        if not self.policy.known:
            return found
        if found is self._found:
            return self._left
        left = list(unknown(found, self.text, self.policy.known))
        if stage is None:
            self._found, self._left = found, left
        return left

    def all_problems(self) -> list[Problem]:
        """As `problems`, with those that the baseline passes over."""
        if self._large is not None or not self.decision.is_spec:
            return self.problems()
        return self.judge.problems()

    def card(self, maker: CardMaker) -> Card | None:
        """What others may ask of the spec; None where the document is none, or is too large."""
        if not self.decision.is_spec or self.is_large:
            return None
        from spec_ls.lifecycle import progress  # the first findings do without

        return maker.card(self.spec, progress(self.spec, self.problems()))

    def brief(self, maker: CardMaker) -> Card | None:
        """As `card`, with no more than other specs ask of one; runs no rule."""
        return maker.brief(self.spec) if self.decision.is_spec and not self.is_large else None

    def new_crashes(self) -> list[str]:
        """The rules that have failed since this was last asked."""
        self._settle()
        if self._judge is None or self._large is not None or self._judge.crashed <= self._told:
            return []
        crashed = sorted(self._judge.crashed - self._told)
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


def recognise(spec: Spec, templates: Sequence[Template]) -> tuple[Template, Decision]:
    """The one of `templates` that the text of `spec` looks filled in from, and why; without one, why not.

    Where it looks like several, a section or field that only one of them has decides; else it is none.
    """
    if not templates:
        return spec.template, Decision(False, "recognition", "the configuration takes it out of its templates' files")
    looks: list[tuple[Spec, Decision]] = []
    for template in templates:
        bound = spec if spec.template is template else Spec(spec.outline, template)
        looks.append((bound, looks_filled_in(bound)))
    alike = [one for one in looks if one[1].is_spec]
    if len(alike) > 1:
        telling = [one for one in alike if _marks(one[0]) - _all_marks(alike, one[0].template)]
        alike = telling if len(telling) == 1 else []
        if not alike:
            names = ", ".join(one[0].template.name for one in looks if one[1].is_spec)
            return spec.template, Decision(False, "recognition", f"it looks like several templates: {names}")
    if alike:
        return alike[0][0].template, alike[0][1]
    return (looks[0][0].template, looks[0][1])


def _marks(spec: Spec) -> set[str]:
    """The keys of the template's sections and fields that a document has, exactly."""
    sections = {fill.slot.key for fill in spec.fills if fill.fault != "misnamed" and not fill.slot.repeats}
    return sections | {f"{field.slot.key}:" for field in spec.carrier if field.slot}


def _all_marks(looks: Sequence[tuple[Spec, Decision]], but: Template) -> set[str]:
    """The keys of all sections and fields of the templates, `but` aside."""
    found: set[str] = set()
    for spec, _ in looks:
        if spec.template is not but:
            found |= {slot.key for slot in spec.template.all_sections()}
            found |= {f"{slot.key}:" for slot in spec.template.fields}
    return found


def looks_filled_in(spec: Spec) -> Decision:
    """Whether the document looks filled in from its template.

    Its metadata has the identifier field, or at least half of the template's top sections are there.
    """
    identifier = spec.template.field("id")
    field = spec.field(identifier)
    known = {other.slot.key for other in spec.carrier if other.slot}
    if field and field.entry.carrier == "columns" and not spec.fills:
        field = None  # a list of specs, which has but one so far
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
