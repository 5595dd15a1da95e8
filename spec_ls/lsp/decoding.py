"""From bytes to typed params: strict about scalars, forgiving about what a client may know better than we do."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any, Optional, Union, get_args, get_origin

import cattrs
from lsprotocol import types
from pygls.protocol import default_converter

from spec_ls.lsp.framing import FrameReader, Oversized

_LARGEST = 2**31 - 1


def _first_letters(word: str, rest: str) -> str:
    """A pattern for the first letter of `word`, the first two, and so on, and for all of it with `rest` behind it."""
    return word[0] + f"(?:{_first_letters(word[1:], rest) if word[1:] else rest})?"


_CUT_HEADER = re.compile(
    _first_letters("content-length", r"[ \t]*(?::[ \t]*\d*[ \t]*\r?)?").encode() + b"$", re.IGNORECASE
)
"""The start of a header at the end of a body."""


_read_json = json.JSONDecoder().raw_decode
"""What `json.loads` does in the end, without the steps around it."""

NOTHING_YET = object()


class Unreadable:
    """Stands in the queue for a body that is no message: the answer to give, and what there was of the body."""

    def __init__(self, code: types.ErrorCodes, reason: str, body: bytes) -> None:
        self.code = code
        self.reason = reason
        self.body = body


def parse(body: bytes) -> tuple[object, bytes]:
    """The JSON value in `body`, or an `Unreadable`; and the bytes at its end that may start the next frame.

    There are such bytes when the length announced was wrong.
    """
    try:
        # Decoded here: left to itself, `json` takes bytes that begin with a zero for UTF-16.
        text = body.decode("utf-8", "surrogatepass").removeprefix("\ufeff")
        if text.startswith("{"):
            value, end = _read_json(text)
            if end == len(text):
                return value, b""
        return json.loads(text), b""
    except RecursionError:
        reason = "JSON nested too deeply"
    except UnicodeDecodeError as error:
        reason = f"malformed UTF-8: {error.reason}"
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            head, tail = (
                part.encode("utf-8", "surrogatepass") for part in (error.doc[: error.pos], error.doc[error.pos :])
            )
            return parse(head)[0], tail
        reason = f"malformed JSON: {error}"
    except ValueError:  # an integer of more than 4300 digits: legal JSON, and one of them must not lose an edit
        return json.loads(text, parse_int=lambda digits: int(digits[:300])), b""
    cut = _CUT_HEADER.search(body)
    return Unreadable(types.ErrorCodes.ParseError, reason, body), body[cut.start() :] if cut else b""


def messages(reader: FrameReader) -> Iterator[object]:
    """The JSON values that come in, and an `Unreadable` for every body that is none, until the stream ends.

    `NOTHING_YET` where there is nothing to read for now.
    """
    for frame in reader.frames():
        if frame is None:
            yield NOTHING_YET
            continue
        if isinstance(frame, Oversized):
            reason = f"a message of {frame.length} bytes is too long"
            yield Unreadable(types.ErrorCodes.InvalidRequest, reason, frame.head)
            continue
        rest = frame
        while True:
            try:
                message, rest = parse(rest)
            except Exception as error:  # MemoryError: one message must not end the thread that reads
                message, rest = Unreadable(types.ErrorCodes.ParseError, f"unreadable: {error!r}", frame), b""
            yield message
            if not rest or not rest.lstrip().startswith(b"{"):
                break
        if rest:
            reader.unread(rest)


def number(value: object) -> int:
    """`value` as an integer within 32 bits; 3.0 is one, since JSON knows no difference. Raises TypeError for others."""
    if type(value) is int and -_LARGEST <= value <= _LARGEST:
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"expected an integer, got {describe(value)}")
    return max(-_LARGEST, min(value, _LARGEST))


def describe(value: object) -> str:
    """What a JSON value is, for an error message."""
    names: dict[type, str] = {dict: "an object", list: "an array", str: "a string", bool: "a boolean"}
    return "null" if value is None else names.get(type(value), "a number")


def make_converter() -> cattrs.Converter:
    """The pygls converter, strict about scalars and forgiving about what clients may know better."""
    converter: cattrs.Converter = default_converter()  # type: ignore[no-untyped-call]

    # The stock converter calls str() and int(): line "0", character 1.9 and uri 7 are taken. Enums of lsprotocol are
    # subclasses of str and int, and the hooks of those win over any hook for enums: so they are told apart in here.
    # One enum value newer than lsprotocol leaves `initialize` without an answer: unknown ones are kept as they are.
    def scalar(value: Any, kind: type) -> Any:
        plain: object
        if issubclass(kind, str):
            if not isinstance(value, str):
                raise TypeError(f"expected a string, got {describe(value)}")
            plain = value
        else:
            # One integer above 32 bits would reject the whole message, and an edit with it.
            plain = number(value)
        if issubclass(kind, Enum):
            with contextlib.suppress(ValueError):
                return kind(plain)
        return plain

    def boolean(value: Any, _: type) -> bool:
        if not isinstance(value, bool):
            raise TypeError(f"expected true or false, got {describe(value)}")
        return value

    def identifier(value: Any, _: Any) -> int | str | None:
        return value if value is None or isinstance(value, str) else number(value)

    def position(value: Any, _: type) -> types.Position:
        if not isinstance(value, dict):
            raise TypeError(f"expected a position, got {describe(value)}")
        line, character = value["line"], value["character"]
        try:
            return types.Position(max(0, number(line)), max(0, number(character)))
        except TypeError as error:
            raise TypeError(f"line and character: {error}") from None

    def is_sequence(kind: Any) -> bool:
        origin: Any = get_origin(kind)
        return origin is Sequence

    # Sequences arrive as tuples: `params.context.diagnostics + [...]` fails.
    def sequence(value: Any, kind: Any) -> Any:
        if not isinstance(value, list):
            raise TypeError(f"expected an array, got {describe(value)}")
        list_kind: Any = list[get_args(kind)[0]]  # type: ignore[misc]
        return converter.structure(value, list_kind)

    converter.register_structure_hook(str, scalar)
    converter.register_structure_hook(int, scalar)
    converter.register_structure_hook(bool, boolean)
    converter.register_structure_hook(Union[int, str], identifier)  # noqa: UP007
    converter.register_structure_hook(Optional[Union[int, str]], identifier)  # noqa: UP007, UP045
    converter.register_structure_hook(types.Position, position)
    # How to indent is the document's own business, and what clients say of it is not always what LSP asks for.
    converter.register_structure_hook(types.FormattingOptions, lambda value, _: types.FormattingOptions(4, True))
    converter.register_structure_hook_func(is_sequence, sequence)
    # A raw value kept for an unknown enum cannot be echoed back: the stock hook asks it for its `.value`.
    converter.register_unstructure_hook_func(
        lambda kind: isinstance(kind, type) and issubclass(kind, Enum),
        lambda value: value.value if isinstance(value, Enum) else value,
    )
    return converter


def explain(error: BaseException) -> str:
    """What is wrong with params that did not fit, in one line: "position.line: expected an integer, got a string"."""

    def plain(error: BaseException, _: type | None) -> str:
        if isinstance(error, KeyError):
            return f"{error} is missing"
        return str(error) if type(error) in (TypeError, ValueError) and len(str(error)) < 200 else "invalid value"

    reason, _, path = cattrs.transform_error(error, format_exception=plain)[0].rpartition(" @ ")
    path = path.removeprefix("$").removeprefix(".")
    path = re.sub("_([a-z])", lambda found: found[1].upper(), path)  # as the client spells it
    return f"{path}: {reason}" if path else reason


def usable_id(value: object) -> bool:
    """Whether `value` can be the id of a request."""
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, str | int) and not isinstance(value, bool)
