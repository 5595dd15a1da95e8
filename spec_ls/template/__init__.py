"""Templates: what they mean (`model`), how they are read (`read`), and those that come with spec-ls."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from spec_ls.template.model import Template
from spec_ls.template.read import read_template

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

DEFAULT = "product-spec"


@cache
def builtin_names() -> tuple[str, ...]:
    """The names of the templates that come with spec-ls."""
    return tuple(sorted(entry.name[:-3] for entry in _folder().iterdir() if entry.name.endswith(".md")))


@cache
def template_paths() -> tuple[str, ...]:
    """Where the built-in templates lie on disk; empty where the package is no folder on disk."""
    folder = _folder()
    return tuple(str(folder / f"{name}.md") for name in builtin_names()) if isinstance(folder, Path) else ()


def builtin(name: str = DEFAULT) -> Template:
    """The built-in template of that name, one object each. Raises KeyError, naming those there are."""
    if name not in builtin_names():
        raise KeyError(f"no template is called {name!r}; there are: {', '.join(builtin_names())}")
    return _read(name)


@cache
def _read(name: str) -> Template:
    return read_template((_folder() / f"{name}.md").read_text(encoding="utf-8"), name)


@cache
def _folder() -> Traversable:
    folder = Path(__file__).parent / "builtin"
    if folder.is_dir():
        return folder
    from importlib import resources  # the package lies in an archive

    return resources.files("spec_ls.template") / "builtin"
