"""What a new document of a template begins with: its identifier, its folder, its text."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spec_ls import index
from spec_ls.draft import Given, Numbering, draft, numbering
from spec_ls.files import MARKDOWN, is_inside
from spec_ls.git import root_of
from spec_ls.resolver import Policy, Resolver
from spec_ls.template import DEFAULT
from spec_ls.template.model import Template
from spec_ls.values import identifier, last_number
from spec_ls.workspace import Document

_WILD = re.compile(r"[*?\[{]|[@+!]\(")


@dataclass(frozen=True, slots=True)
class Source:
    """A template with the name that documents call it by; empty for a file that no configuration names."""

    template: Template
    name: str


def source_named(policy: Policy, name: str = "") -> Source | None:
    """The template of that name, by default the only one that is configured, else the one that comes with spec-ls."""
    only = list(policy.config.templates) if policy.config else []
    name = name or (only[0] if len(only) == 1 else DEFAULT)
    found = policy.template(name)
    return Source(found, name) if found is not None else None


def paths_of(policy: Policy) -> dict[str, str]:
    """The real paths of the configuration's template files, by the templates' names."""
    if policy.config is None:
        return {}
    folder = os.path.dirname(policy.config_path)
    entries = policy.config.templates.items()
    return {name: os.path.realpath(os.path.join(folder, entry.path)) for name, entry in entries if entry.path}


@dataclass(frozen=True, slots=True)
class Identified:
    """A document's identifier and number, and how the files beside it carry theirs."""

    identifier: str
    number: int | None
    like: Numbering | None


def identified(source: Source, policy: Policy, folder: str) -> Identified:
    """The next identifier that neither a document of the repository nor a file's name has."""
    slot, like = source.template.field("id"), like_beside(source, folder)
    if slot is None:
        return Identified("", like.last + 1 if like else None, like)
    taken = index.identifiers(_root(folder, policy), slot.prefix, frozenset(paths_of(policy).values()))
    number = max(last_number(slot.prefix, taken), like.last if like else 0) + 1
    return Identified(identifier(slot.prefix, number, slot.digits), number, like)


def like_beside(source: Source, folder: str) -> Numbering | None:
    """How the files of a folder carry their numbers."""
    slot = source.template.field("id")
    return numbering(_markdown_names(folder), slot.prefix if slot else "")


def _root(folder: str, policy: Policy) -> Path:
    """The folder over which identifiers are to be unique: the repository, else what the configuration governs."""
    root = root_of(Path(folder) / "-.md")
    return root or Path(os.path.dirname(policy.config_path) if policy.config_path else existing(folder))


def existing(folder: str) -> str:
    """The folder, or the nearest above it that is there."""
    return next((str(one) for one in (Path(folder), *Path(folder).parents) if one.is_dir()), os.getcwd())


def _markdown_names(folder: str) -> Sequence[str]:
    try:
        return [name for name in os.listdir(folder) if name.lower().endswith(MARKDOWN)]
    except OSError:
        return []


def folder_of(source: Source, policy: Policy, place: str) -> str:
    """The folder that the configuration's globs lead to, never one outside its own; else `place`, where `policy` holds.

    Where a document in `place` would be bound to the template as well, it stays there.
    """
    entry = policy.config.templates.get(source.name) if policy.config else None
    glob = next((one for one in entry.files if not one.startswith("!")), None) if entry else None
    if glob is None or policy.bound is source.template:
        return place
    fixed = []
    for part in glob.split("/")[:-1]:
        if _WILD.search(part):
            break
        fixed.append(part)
    top = os.path.dirname(policy.config_path)
    folder = os.path.realpath(os.path.join(top, *(part for part in fixed if part)))
    return folder if is_inside(top, folder) else place


def text_of(source: Source, given: Given, path: str, resolver: Resolver) -> tuple[str, bool]:
    """The document's text, which names its template where nothing else would tell it; False where nothing does."""
    policy = resolver.policy(path)
    text = draft(source.template, given)
    document = Document(text, policy=policy)
    if document.decision.is_spec and document.spec.template is source.template:
        return text, True
    if source.name and policy.template(source.name) is source.template:
        return draft(source.template, given, source.name), True
    return text, False
