"""A code fence or comment is opened and never closed: it swallows the rest of the document.

Everything below it is code for Markdown, whatever it looks like. The sections in there are not reported
as missing on top.

Example: a line with three backticks that has no counterpart.

How to fix: close it where the code or the remark ends; a quick fix does so at the next blank line.
"""

import re
from collections.abc import Iterator

from spec_ls import compose
from spec_ls.rules.base import STRUCTURE, Finding, Fix, Rule
from spec_ls.spec import Place, Spec
from spec_ls.text import Edit, Span

_HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t]|$)")
_TEXT = re.compile(r"\s*(?:[-+*] |[0-9]{1,9}[.)] |\||\*\*|__)")
"""A line that is more likely the spec's own list, table or label than code."""


def check(spec: Spec) -> Iterator[Finding]:
    for at, piece in enumerate(spec.pieces):
        unclosed = piece.facts.unclosed
        if unclosed is not None:
            what = "comment" if unclosed.marker == "-->" else "code fence"
            message = f"This {what} is never closed: everything below belongs to it."
            yield Finding(RULE.name, Place(at, unclosed.span), message)


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    piece = finding.place.piece
    unclosed = spec.pieces[piece].facts.unclosed
    if unclosed is None:
        return
    opener = unclosed.line + spec.base(piece)
    if unclosed.marker == "-->":
        end = len(spec.text.content(opener))
        words = spec.text.content(opener)[unclosed.span.end :].strip()
        yield Fix("Close the comment here", (Edit(Span(opener, end, opener, end), " -->"),), certain=bool(words))
        return
    last = _last_code_line(spec, opener)
    offset = len(spec.text.content(last))
    below = last + 1 < len(spec.text.lines) and bool(spec.text.content(last + 1).strip())
    line_end = spec.text.line_end
    indent = " " * unclosed.span.start
    edit = Edit(Span(last, offset, last, offset), line_end + indent + unclosed.marker + (line_end if below else ""))
    code = last > opener and not any(_TEXT.match(spec.text.content(line)) for line in range(opener + 1, last + 1))
    if code:
        yield Fix("Close the code fence", (edit,))
    else:
        yield Fix("Remove the code fence", (compose.remove_line(spec, opener),), certain=False)


def _last_code_line(spec: Spec, opener: int) -> int:
    """The last line of what was probably meant as code: it ends at a blank line or a heading."""
    line = opener
    while line + 1 < len(spec.text.lines):
        below = spec.text.content(line + 1)
        if not below.strip() or _HEADING.match(below):
            break
        line += 1
    return line


RULE = Rule("unclosed-block", __doc__, STRUCTURE, check=check, fix=fix)
