"""The classes of lsprotocol, each finished when it is first used.

`lsprotocol.types` has 554 attrs classes, and importing it as it is compiles the methods of every one: 230 ms and 16 MB
of a start, for the three dozen that a session comes to use. So while that module is imported, `attrs.define` only marks
a class; the real one runs when an instance is made or the fields are asked for. Nobody can tell the difference but by
the time it takes, and by `__slots__`, which an unfinished class cannot have.
"""

from __future__ import annotations

import importlib
import sys
import threading
from typing import Any

import attrs

_define = attrs.define
_finishing = threading.RLock()


class _Fields:
    """Stands for `__attrs_attrs__`, by which attrs and cattrs tell an attrs class and its fields."""

    def __get__(self, instance: object, kind: type) -> Any:
        _finish(kind)
        return kind.__attrs_attrs__  # type: ignore[attr-defined]


def _init(self: Any, *args: Any, **kwargs: Any) -> None:
    _finish(type(self))
    self.__init__(*args, **kwargs)


def _mark(kind: type) -> type:
    kind.__attrs_attrs__ = _Fields()  # type: ignore[attr-defined]
    kind.__init__ = _init  # type: ignore[misc]
    return kind


def _finish(kind: type) -> None:
    """Does what was put off; from any thread."""
    with _finishing:
        if isinstance(kind.__dict__.get("__attrs_attrs__"), _Fields):
            del kind.__attrs_attrs__  # type: ignore[attr-defined]
            del kind.__init__  # type: ignore[misc]
            _define(kind, slots=False)
            from lsprotocol import types

            attrs.resolve_types(kind, types.ALL_TYPES_MAP, {})


def _import() -> None:
    attrs.define = _mark  # type: ignore[assignment]
    try:
        importlib.import_module("lsprotocol.types")  # which imports no other module with attrs classes
    finally:
        attrs.define = _define
    from lsprotocol import _hooks

    _hooks._resolved_forward_references = True  # done for each class when it is finished


if "lsprotocol.types" not in sys.modules:
    _import()
