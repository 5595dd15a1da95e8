"""A comment allows a rule where that rule finds nothing.

`<!-- spec-ls: allow RULE -->` takes the findings of a rule back, of several with commas between. In a comment of its
own that holds up to the next heading (directly above a heading, for the section below), behind other text for that
paragraph, list item or row, and as `allow RULE in file` for the whole document. In front matter it is
`# spec-ls: allow RULE`, above a field or behind it. Behind a colon there is room for the reason. A comment that has
outlived its finding would hide the next one.

Example: `<!-- spec-ls: allow sample-text -->` in a section that is filled in by now, or `allow sample-txt`.

How to fix: take the name out (quick fix), or correct it where no rule is called so. A finding that is silent at
this status only is found all the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from spec_ls import compose
from spec_ls.allowances import Allowance
from spec_ls.outline.blocks import Comment
from spec_ls.rules.base import Finding, Fix, Rule, Weights
from spec_ls.spec import Place, Spec
from spec_ls.text import Edit, Span

_NEAR = 70.0
_MOST_NEAR = 50
"""How many unknown names are compared with those of the rules: a comment may name thousands."""

Scope = tuple[object, ...]
"""A rule with where it is allowed: the document, a piece, or lines of one."""


class Allowed:
    """What the allowances of a spec take back. `allowances` are those of each piece that has some."""

    def __init__(self, spec: Spec, allowances: Mapping[int, Sequence[Allowance]]) -> None:
        self._spec = spec
        self._scopes: dict[Scope, None] = {}
        self._lines: dict[tuple[int, int, str], list[Scope]] = {}
        self._entries: list[tuple[int, Allowance, int, Scope]] = []
        self.used: set[Scope] = set()
        for piece, found in allowances.items():
            for allowance in found:
                for number, (rule, _) in enumerate(allowance.rules):
                    self._add(piece, allowance, number, rule)
                if not allowance.rules:
                    self._entries.append((piece, allowance, -1, ()))

    def _add(self, piece: int, allowance: Allowance, number: int, rule: str) -> None:
        scope: Scope = (rule,)
        if allowance.scope == "lines":
            scope = rule, piece, allowance.first, allowance.end
            if scope not in self._scopes:
                for line in range(allowance.first, allowance.end):
                    self._lines.setdefault((piece, line, rule), []).append(scope)
        elif allowance.scope != "file":
            below = allowance.scope == "below" and piece + 1 < len(self._spec.pieces)
            scope = rule, piece + below
        self._scopes[scope] = None
        self._entries.append((piece, allowance, number, scope))

    def takes(self, finding: Finding) -> bool:
        """Whether a finding is allowed; what allows it counts as used."""
        rule, (piece, span) = finding.rule, (finding.place.piece, finding.place.span)
        wide: tuple[Scope, ...] = (rule,), (rule, piece)
        scopes = [scope for scope in wide if scope in self._scopes]
        if span is not None:
            scopes += self._lines.get((piece, span.start_line, rule), ())
        self.used.update(scopes)
        return bool(scopes)

    def unused(self, rules: Collection[str]) -> Iterator[Finding]:
        """What names no rule, or one that finds nothing there; not in a section that nobody judges."""
        compared, ignored = 0, self._spec.binding.ignored
        for piece, allowance, number, scope in self._entries:
            if piece in ignored:
                continue
            if number < 0:
                yield Finding(
                    RULE.name, Place(piece, allowance.span), "Say which rule is allowed.", (allowance, number)
                )
                continue
            name, span = allowance.rules[number]
            if name not in rules:
                near = _near(name, rules) if compared < _MOST_NEAR else ""
                compared += 1
                message = f"There is no rule {name}.{f' Is {near} meant?' if near else ''}"
                yield Finding(RULE.name, Place(piece, span), message, (allowance, number, near))
            elif scope not in self.used and name != RULE.name:
                where = "in this document" if allowance.scope == "file" else "here"
                message = f"{name} finds nothing {where}; take it out."
                yield Finding(RULE.name, Place(piece, span), message, (allowance, number))


def _near(name: str, rules: Iterable[str]) -> str:
    from rapidfuzz.process import extractOne

    found = extractOne(name[:100], rules, score_cutoff=_NEAR)
    return str(found[0]) if found else ""


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    allowance, number, *near = finding.subject
    base = spec.base(finding.place.piece)
    if near and near[0]:
        yield Fix(f"Change to {near[0]}", (Edit(spec.span(finding.place), near[0]),), certain=False)
    name = allowance.rules[number][0] if number >= 0 else "the comment"
    yield Fix(f"Take out {name}", (_removal(spec, allowance, number, base),), certain=not near or not near[0])


def _removal(spec: Spec, allowance: Allowance, number: int, base: int) -> Edit:
    """Takes out one name, with the last one its directive, and with the last of those its comment."""
    if len(allowance.rules) > 1:
        span = allowance.rules[number][1]
        if number + 1 < len(allowance.rules):
            span = Span(*span.first, *allowance.rules[number + 1][1].first)
        else:
            span = Span(*allowance.rules[number - 1][1].last, *span.last)
        return Edit(span.shifted(base), "")
    span = (allowance.comment if allowance.alone else allowance.span).shifted(base)
    line, last = spec.text.content(span.start_line), spec.text.content(span.end_line)
    before, behind = line[: span.start], last[span.end :]
    if not allowance.alone and behind.lstrip().startswith(";"):
        return Edit(Span(*span.first, span.end_line, len(last) - len(behind.lstrip()[1:].lstrip())), "")
    if not allowance.alone and before.rstrip().endswith(";"):
        return Edit(Span(span.start_line, len(before.rstrip()[:-1].rstrip()), *span.last), "")
    if not before.strip() and not behind.strip():
        return _without_lines(spec, span, allowance)
    start = span.start if behind[:1].strip() else len(before.rstrip()) or span.start
    return Edit(Span(span.start_line, start, *span.last), "")


def _without_lines(spec: Spec, span: Span, allowance: Allowance) -> Edit:
    """Takes out the whole lines of `span`; one is left blank where the text above and below would meet."""
    lines, above = spec.text.lines, span.start_line - 1
    piece = spec.pieces[spec.piece_at(span.start_line)]
    base = spec.outline.starts[piece.chunk]
    between = any(
        block.line <= above - base < block.end_line and not isinstance(block, Comment) for block in piece.section.blocks
    )
    goes_on = span.end_line + 1 < len(lines) and bool(lines[span.end_line + 1].strip())
    if between and goes_on and not allowance.yaml and lines[above].strip():
        return Edit(Span(span.start_line, 0, *span.last), "")
    return compose.remove_lines(spec, span.start_line, span.end_line + 1)


RULE = Rule(
    "unused-suppression", __doc__, Weights("hint", "warning", "warning", "warning", "hint"), fix=fix, leftover=True
)
