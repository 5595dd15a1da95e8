"""The document is too large to be judged while it is written.

Above 5 MB an answer to a keystroke would take longer than the keystroke. So nothing else is said about the document:
no other finding, no completion, no hover. It is judged again as soon as it is smaller.

Example: a spec with a log or an export of some megabytes pasted into it.

How to fix: move what nobody reads into a file of its own and link to it, or raise the limit: the editor's
initialization option `maxBytes`, on the command line `--max-bytes`.
"""

from spec_ls.rules.base import Finding, Rule, Weights
from spec_ls.spec import Place, Spec
from spec_ls.text import Span

_SHOWN = 80


def finding(spec: Spec, size: int, limit: int) -> Finding:
    """The one finding about a document of `size` bytes where `limit` are allowed; `spec` is its beginning."""
    place = Place(0, Span(0, 0, 0, min(len(spec.text.content(0)), _SHOWN)))
    message = (
        f"The document has {_size(size)} and is not judged: move parts of it into files of their own, or raise "
        f"the limit of {_size(limit)}."
    )
    return Finding(RULE.name, place, message)


def _size(size: int) -> str:
    """In the largest unit of which there is one."""
    for unit, name in ((1_000_000, "MB"), (1_000, "kB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} bytes"


RULE = Rule(
    "large-document", __doc__, Weights("information", "information", "information", "information", "information")
)
