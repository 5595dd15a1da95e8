"""A code fence or comment is opened and never closed: it swallows the rest of the document.

Everything below it is code for Markdown, whatever it looks like. The sections in there are not reported
as missing on top.

Example: a line with three backticks that has no counterpart.

How to fix: close it in front of the next heading (quick fix), or where it should end.
"""

from collections.abc import Iterator

from spec_ls import compose
from spec_ls.rules.base import STRUCTURE, Finding, Fix, Rule
from spec_ls.spec import Place, Spec
from spec_ls.text import Edit, Span


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
    base = spec.base(piece)
    end = spec.text.line_end
    stop = len(spec.text.lines) if unclosed.first_heading is None else unclosed.first_heading + base
    line = compose.last_text_line(spec, unclosed.line + base, stop)
    offset = len(spec.text.content(line))
    below = line + 1 < len(spec.text.lines) and bool(spec.text.content(line + 1).strip())
    what = "comment" if unclosed.marker == "-->" else "code fence"
    edit = Edit(Span(line, offset, line, offset), end + unclosed.marker + (end if below else ""))
    yield Fix(f"Close the {what}", (edit,))


RULE = Rule("unclosed-block", __doc__, STRUCTURE, check=check, fix=fix)
