"""A team's configuration: `.spec-ls.toml`, or `[tool.spec-ls]` in pyproject.toml.

What is read here is data and no more: a configuration can name templates and weigh rules, but run nothing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic.alias_generators import to_camel

from spec_ls.patterns import safe_pattern
from spec_ls.rules import CATALOGUE
from spec_ls.rules.pages import summary
from spec_ls.template import builtin_names
from spec_ls.text import TOP, Span, split_lines, strip_line_end
from spec_ls.toml import Places, places_in

Level = Literal["off", "hint", "information", "warning", "error"]
Feature = Literal[
    "diagnostics",
    "completion",
    "hover",
    "code-actions",
    "symbols",
    "inlay-hints",
    "code-lens",
    "highlight",
    "folding",
    "selection",
    "formatting",
    "semantic-tokens",
    "definition",
    "references",
    "call-hierarchy",
    "rename",
    "links",
    "linked-editing",
    "file-operations",
]

FEATURES: tuple[Feature, ...] = get_args(Feature)
"""What can be switched off under `[features]`."""

Glob = Annotated[str, Field(min_length=1, max_length=1000)]

_NEAR = 70.0


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=lambda name: name.replace("_", "-"))


class TemplateEntry(_Part):
    """A template of the team, and the files that are written after it."""

    path: str | None = Field(default=None, description="The template's Markdown file, from this file's folder on.")
    builtin: str | None = Field(default=None, description="A template that comes with spec-ls, in place of a path.")
    files: tuple[Glob, ...] = Field(
        default=(),
        description="Globs of the specs, from this file's folder on. `*` stays within a folder, `**` goes through "
        "folders, `{a,b}` is either, and `!` in front takes files out again.",
    )
    versions: Literal["today", "git"] = Field(
        default="today",
        description="Which version of the template judges a document: today's, or with `git` the one that was in "
        "force when the document was added.",
    )

    @field_validator("builtin")
    @classmethod
    def _is_known(cls, name: str | None) -> str | None:
        if name is not None and name not in builtin_names():
            raise ValueError(f"no template that comes with spec-ls is called {name}; there are: {_listed()}")
        return name

    @model_validator(mode="after")
    def _is_one(self) -> TemplateEntry:
        if (self.path is None) == (self.builtin is None):
            raise ValueError("a template has either a path or a builtin")
        return self


class Override(_Part):
    """Rules that weigh otherwise in some files."""

    files: tuple[Glob, ...] = Field(description="Globs, as in a template's files.")
    rules: dict[str, Level] = Field(default_factory=dict, description="As under [rules], for these files.")


class People(_Part):
    """Who there is."""

    reviewers: tuple[str, ...] = Field(default=(), description="Handles that are proposed as approvers, such as @mira.")
    url: str = Field(
        default="", description="Where a person's profile is; {handle} stands for the handle without its @."
    )

    @field_validator("url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        return _address(url, "{handle}")


class Tickets(_Part):
    """How the team's tickets look and where they are."""

    pattern: str = Field(
        default="",
        description="What a ticket's key looks like, as a regular expression: letters, \\d, \\w, classes in brackets, "
        "`?`, `*`, `+`, `{m,n}` and alternatives. It counts for whole words.",
    )
    url: str = Field(default="", description="Where a ticket is; {ticket} stands for its key.")

    @field_validator("pattern")
    @classmethod
    def _is_pattern(cls, pattern: str) -> str:
        if pattern:
            safe_pattern(pattern)
        return pattern

    @field_validator("url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        return _address(url, "{ticket}")


def _address(url: str, part: str) -> str:
    """An address to which an editor may go. Raises ValueError for another."""
    if url and (not url.startswith(("https://", "http://")) or part not in url):
        raise ValueError(f"an address begins with https:// or http:// and has {part} in it")
    return url


class Config(_Part):
    """The whole of a configuration file. Every part may be left out."""

    templates: dict[str, TemplateEntry] = Field(
        default_factory=dict, description="Templates by the name that documents call them by."
    )
    rules: dict[str, Level] = Field(
        default_factory=dict,
        description="What a rule weighs wherever it speaks, whatever the status; off silences it.",
    )
    overrides: tuple[Override, ...] = Field(
        default=(), description="Other weights for some files; the last that fits counts."
    )
    people: People = People()
    tickets: Tickets = Tickets()
    features: dict[Feature, bool] = Field(default_factory=dict, description="false switches a feature off.")


class UserSettings(BaseModel):
    """The user's own settings, as an editor shows and explains them. The server reads them without this model."""

    model_config = ConfigDict(alias_generator=to_camel)

    max_bytes: int = Field(
        default=5_000_000,
        ge=1,
        description="Bytes. Of a longer document only that is said, from when it is next opened.",
    )
    features: dict[Feature, bool] = Field(default_factory=dict, description="false switches a feature off.")
    handle: str = Field(
        default="",
        description="Your own handle, such as @mira, where git does not know it. It signs what you sign off.",
    )
    template_folders: tuple[str, ...] = Field(
        default=(),
        description="Folders outside of the repository that templates may lie in. They count from the next start on.",
    )


@dataclass(frozen=True, slots=True)
class ConfigFault:
    """What is wrong with a configuration, at its place in the file."""

    span: Span
    message: str


class Reading(NamedTuple):
    """A configuration file, read: `config` is None where there is none to be had, and then `faults` say why.

    A pyproject.toml without the table has neither. `places` are those of its keys and values.
    """

    config: Config | None
    faults: tuple[ConfigFault, ...]
    places: Mapping[tuple[str, ...], tuple[Span, Span]]


def read_config(source: str, in_pyproject: bool) -> Reading:
    """Reads a configuration file. Never raises; one fault or more means no configuration."""
    places = places_in(source)
    try:
        data: Any = tomllib.loads(source.removeprefix("\ufeff").replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return Reading(None, (_unreadable(source, str(error)),), places)
    path: tuple[str, ...] = ()
    if in_pyproject:
        path = ("tool", "spec-ls")
        data = data.get("tool", {}).get("spec-ls") if isinstance(data.get("tool", {}), dict) else None
        if data is None:
            return Reading(None, (), places)
    faults = list(_wrong_rules(data, path, places))
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            where = tuple(str(part) for part in one["loc"] if part != "[key]")
            faults.append(ConfigFault(_place(places, path + where, _is_of_key(one)), _message(one)))
        config = None
    faults.sort(key=lambda fault: fault.span)
    return Reading(None if faults else config, tuple(faults), places)


def _unreadable(source: str, reason: str) -> ConfigFault:
    """What the TOML parser says, at the place that it names."""
    lines = [strip_line_end(line) for line in split_lines(source)]
    found = re.search(r"\(at line ([0-9]+), column ([0-9]+)\)", reason)
    line = min(int(found[1]) - 1, len(lines) - 1) if found else len(lines) - 1
    start = min(int(found[2]) - 1, len(lines[line])) if found else 0
    message = reason.rpartition(" (at ")[0] or reason
    return ConfigFault(Span(line, start, line, len(lines[line])), f"This is not TOML: {message}.")


def _wrong_rules(data: Any, path: tuple[str, ...], places: Places) -> Iterator[ConfigFault]:
    """The names under `rules` that no rule has."""
    if not isinstance(data, dict):
        return
    overrides = data.get("overrides")
    tables: list[tuple[tuple[str, ...], Any]] = [(("rules",), data.get("rules"))]
    for number, override in enumerate(overrides if isinstance(overrides, list) else ()):
        if isinstance(override, dict):
            tables.append((("overrides", str(number), "rules"), override.get("rules")))
    names = [rule.name for rule in CATALOGUE]
    for where, table in tables:
        for name in table if isinstance(table, dict) else ():
            if name not in names:
                message = f"There is no rule {name}.{_meant(name, names)}"
                yield ConfigFault(_place(places, path + where + (name,), True), message)


def _is_of_key(error: Any) -> bool:
    """Whether an error is about a key rather than its value."""
    return bool(error["type"] == "extra_forbidden" or error["loc"][-1:] == ("[key]",))


def _message(error: Any) -> str:
    """What pydantic found, in words for the author."""
    where = [str(part) for part in error["loc"]]
    name = where[-1] if where else "it"
    match error["type"]:
        case "extra_forbidden":
            known = _keys_at(where[:-1])
            return f"There is no key {name} here.{_meant(name, known)} There are: {', '.join(known)}."
        case "literal_error" if where[-1] == "[key]":
            return f"There is no feature {where[-2]}.{_meant(where[-2], FEATURES)} There are: {', '.join(FEATURES)}."
        case "literal_error":
            return f"{name} is one of {error['ctx']['expected'].replace(' or ', ', ')}, not {error['input']!r}."
        case "missing":
            return f"{name} is missing here."
        case "value_error":
            words = str(error["ctx"]["error"])
            return words[0].upper() + words[1:] + "."
        case _:
            return f"{name}: {error['msg'][0].lower()}{error['msg'][1:]}."


def _keys_at(where: Sequence[str]) -> list[str]:
    """The keys that the table at a path may have."""
    part: type[_Part] = Config
    if where:
        named: dict[str, type[_Part]] = {
            "templates": TemplateEntry,
            "overrides": Override,
            "people": People,
            "tickets": Tickets,
        }
        part = named.get(where[0], Config)
    return [field.alias or name for name, field in part.model_fields.items()]


def _meant(name: str, known: Sequence[str]) -> str:
    from rapidfuzz.process import extractOne

    near = extractOne(name, known, score_cutoff=_NEAR)
    return f" Is {near[0]} meant?" if near else ""


def _listed() -> str:
    return ", ".join(builtin_names())


def _place(places: Places, path: tuple[str, ...], of_key: bool) -> Span:
    """The place of a key, or of its value; of the nearest key around it that has one."""
    for length in range(len(path), 0, -1):
        if path[:length] in places:
            return places[path[:length]][0 if of_key or length < len(path) else 1]
    return TOP


# --- the schema -------------------------------------------------------------------------------


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of `.spec-ls.toml`, with the rules by name."""
    made = Config.model_json_schema(by_alias=True)
    rules = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            rule.name: {"enum": list(get_args(Level)), "description": f"{summary(rule)}."} for rule in CATALOGUE
        },
    }
    for owner in (made["properties"], made["$defs"]["Override"]["properties"]):
        owner["rules"] = {"description": owner["rules"]["description"], **rules}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made, "title": "spec-ls configuration"}
