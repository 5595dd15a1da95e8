"""For teams that script: a spec's findings, and their template.

import spec_ls

template = spec_ls.Template.read("docs/templates/spec.md")
for problem in spec_ls.check(text, template=template):
    print(problem.span.start_line + 1, problem.severity, problem.rule, problem.message)
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from spec_ls.files import CannotRead, read_source
from spec_ls.lifecycle import at_state
from spec_ls.rules.base import Problem
from spec_ls.template import builtin, builtin_names
from spec_ls.template import model as _model
from spec_ls.template.read import read_template
from spec_ls.workspace import Document

__all__ = ["CannotRead", "Problem", "Template", "check"]


@dataclass(frozen=True, slots=True)
class Template:
    """A template: `name`, and the names of its `statuses`, in its order."""

    name: str
    statuses: tuple[str, ...]
    _read: _model.Template = field(repr=False)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Template:
        """Reads a Markdown file as a template, named after the file. Raises CannotRead where it cannot be read,
        ValueError where it has neither sections nor metadata."""
        name = os.path.splitext(os.path.basename(path))[0]
        read = read_template(read_source(os.fspath(path)), name)
        if not read.sections and not read.fields:
            raise ValueError(f"{os.fspath(path)} has neither sections nor metadata to hold a spec against")
        return cls._of(read)

    @classmethod
    def builtin(cls, name: str = "product-spec") -> Template:
        """A template that comes with spec-ls. Raises ValueError for another name, with those there are."""
        if name not in builtin_names():
            raise ValueError(f"no template is called {name!r}; there are: {', '.join(builtin_names())}")
        return cls._of(builtin(name))

    @classmethod
    def _of(cls, read: _model.Template) -> Template:
        return cls(read.name, tuple(state.name for state in read.states), read)


def check(text: str, *, template: Template | None = None, status: str = "") -> list[Problem]:
    """What an editor would show in a spec, in the order of the text; empty where it is none.

    With `template` the text is held against that one, whatever it looks like; without, it is a spec when it names a
    template that comes with spec-ls, or looks filled in from the product spec's. `status` asks what would be wrong with
    that status; by default the text's own decides. Configuration, git and clock are not asked; their rules are silent.

    A problem has `rule`, `severity` ("error", "warning", "information", "hint"), `message` and `span`: lines from zero,
    offsets in code points. Raises ValueError for a status that the template has not.
    """
    document = Document(text, template._read if template is not None else None)
    if not status or document.is_large or not document.decision.is_spec:
        return list(document.problems())
    judged_by = document.spec.template
    state = judged_by.state(status)
    if state is None:
        there_are = ", ".join(one.name for one in judged_by.states) or "none"
        raise ValueError(f"the template {judged_by.name} has no status {status!r}; there are: {there_are}")
    return at_state(document.spec, state, document.problems)
