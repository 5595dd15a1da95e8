"""spec-ls: the language server for product specs. For scripts: `check`, `Template`, `Problem` and `CannotRead`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spec_ls.api import CannotRead, Problem, Template, check

__all__ = ["CannotRead", "Problem", "Template", "__version__", "check"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """What is for scripts is loaded when it is first asked for: an editor waits for the start of the server."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from spec_ls import api

    return getattr(api, name)
