"""Templates: what they mean (`model`), how they are read (`read`), and those that come with spec-ls."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

from spec_ls.template.model import Template
from spec_ls.template.read import read_template

DEFAULT = "product-spec"


@cache
def builtin_names() -> tuple[str, ...]:
    """The names of the templates that come with spec-ls."""
    folder = resources.files("spec_ls.template") / "builtin"
    return tuple(sorted(entry.name[:-3] for entry in folder.iterdir() if entry.name.endswith(".md")))


@cache
def template_paths() -> tuple[str, ...]:
    """Where the built-in templates lie on disk; empty where the package is no folder on disk."""
    folder = resources.files("spec_ls.template") / "builtin"
    return tuple(str(folder / f"{name}.md") for name in builtin_names()) if isinstance(folder, Path) else ()


def builtin(name: str = DEFAULT) -> Template:
    """The built-in template of that name, one object each. Raises KeyError, naming those there are."""
    if name not in builtin_names():
        raise KeyError(f"no template is called {name!r}; there are: {', '.join(builtin_names())}")
    return _read(name)


@cache
def _read(name: str) -> Template:
    source = (resources.files("spec_ls.template") / "builtin" / f"{name}.md").read_text(encoding="utf-8")
    return read_template(source, name)
