"""The document has no title.

The title is what lists, links and search results show.

Example: a spec that starts with its metadata table, or with a bare `#`.

How to fix: start the document with `#` and a title.
"""

from collections.abc import Iterator

from spec_ls.outline.shapes import shown_title
from spec_ls.rules.base import STRUCTURE, Finding, Rule
from spec_ls.spec import Spec


def check(spec: Spec) -> Iterator[Finding]:
    if spec.template.title is None or not spec.pieces:
        return
    title = spec.binding.title
    if title is None:
        marks = "#" * spec.template.title_level
        message = f"The title is missing: start the document with {marks} and a title."
        yield Finding(RULE.name, spec.heading_place(0), message)
        return
    heading = spec.pieces[title].section.heading
    if heading is not None and not shown_title(heading):
        yield Finding(RULE.name, spec.heading_place(title), "The title is empty.")


RULE = Rule("missing-title", __doc__, STRUCTURE, check=check)
