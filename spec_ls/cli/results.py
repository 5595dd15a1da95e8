"""What earlier runs found, by all that it depends on: the text, what governs it, the options, this program's version.

It lies in the user's own cache folder, never in a repository: a repository cannot bring its own results along. What is
in it is data, never run; one that cannot be read is left aside.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from spec_ls.cache import NAME, Cache, digest, folder, governing, of_template
from spec_ls.cli.excerpt import Excerpt
from spec_ls.cli.judging import Beside, Checked, Mend, Options, Region, Shown
from spec_ls.files import FileStamp, RealPaths, Source, stamp_of
from spec_ls.known import Known
from spec_ls.outside import Outside
from spec_ls.past import clock
from spec_ls.resolver import Policy, Resolver
from spec_ls.template import builtin, builtin_names
from spec_ls.template.model import Template
from spec_ls.workspace import Document


def results_file() -> str:
    """The file that results are kept in; empty where none are."""
    place = folder()
    return str(place / NAME) if place is not None else ""


class Kept(NamedTuple):
    """A result, and of what it depends on all that the text does not show: the template that judged the file and what
    the world around it said, all empty where it is no spec.

    - `day`: that of the finding, and the zone whose days count
    - `until`: when a review that is running will be overdue (ISO 8601)
    - `head`: the state of the repository for which `world` was found out, and so need not be again
    - `others`: the record of what other specs were asked
    """

    checked: Checked
    template: str = ""
    day: str = ""
    until: str = ""
    head: str = ""
    world: str = ""
    others: str = ""


class Results:
    """The results of earlier runs in a cache, each as long as all that it depends on is as it was."""

    def __init__(self, cache: Cache, resolver: Resolver, outside: Outside, options: Options) -> None:
        self.cache = cache
        self.outside = outside
        self.options = options
        self._resolver = resolver
        self._real = RealPaths()

    def look(self, source: Source) -> Look:
        """A look at a file, which begins now."""
        now, path, stamp = time.time_ns(), self._real.of(source.path), stamp_of(source.path)
        is_safe = stamp is not None and stamp.is_safe(now)
        return Look(self, source, path, stamp if is_safe else None, self._resolver.policy_at(path))


class Look:
    """A look at a file (by its real path), whose result is not kept without its bytes being read or known by its stamp.
    No method raises."""

    def __init__(self, results: Results, source: Source, path: str, stamp: FileStamp | None, policy: Policy) -> None:
        self._results = results
        self._source = source
        self._path = path
        self._stamp = stamp
        self._policy = policy
        self._content = results.cache.content(path, stamp) if stamp is not None else None

    def found(self) -> Checked | None:
        """The result for the file as its stamp says it is; None where nothing is known, or it counts no more."""
        if self._content is None:
            return None
        key = key_of(self._content, self._source.named, self._policy, self._results.options)
        value = self._results.cache.get("results", key)
        if value is None:
            return None
        try:
            kept = read(value, self._source.path)
            head = self._holds(kept)
        except (ValueError, TypeError, KeyError, IndexError, RecursionError):
            return None
        if head is None:
            return None
        if head != kept.head:
            self._results.cache.put("results", key, written(kept._replace(head=head)))
        return kept.checked

    def found_by(self, data: bytes) -> Checked | None:
        """The result for the file with these bytes."""
        content = digest(data)
        if content == self._content:
            return None
        self._content = content
        if self._stamp is not None:
            self._results.cache.saw(self._path, self._stamp, content)
        return self.found()

    def keep(self, data: bytes, checked: Checked, document: Document | None) -> None:
        """Keeps a result, where it may be kept."""
        if checked.kind == "unread" or checked.troubles or checked.mended or not may_keep(data, self._policy):
            return
        kept = Kept(checked)
        if document is not None:
            spec = document.spec
            known, review = spec.known, clock(spec)
            ends = review.deadline if review and known.now and known.now < review.deadline else None
            others = known.others.record() if known.others is not None else ""
            kept = Kept(
                checked,
                template_key(spec.template),
                day_of(known),
                ends.isoformat() if ends else "",
                self._results.outside.head(self._path),
                world_key(known),
                others,
            )
        key = key_of(digest(data), self._source.named, self._policy, self._results.options)
        self._results.cache.put("results", key, written(kept))

    def _holds(self, kept: Kept) -> str | None:
        """The state of the repository for which a result counts: where the world around the file says what it said
        then, and other specs do. None where they do not."""
        if not kept.template:
            return kept.head
        outside = self._results.outside
        now, head = outside.now(), outside.head(self._path)
        if kept.day != day_of(Known(now)) or (kept.until and now >= datetime.fromisoformat(kept.until)):
            return None
        template = self._results.options.template or template_by(kept.template, self._policy)
        if template is None:
            return None
        if head != kept.head and kept.world != world_key(outside.known(self._path, template)):
            return None
        return head if outside.still(kept.others, self._path, self._policy) else None


# --- what a result depends on


def key_of(content: bytes, named: bool, policy: Policy, options: Options) -> bytes:
    """The key of a result; `content` is the digest of the file's bytes."""
    asked = (
        named,
        (template_key(options.template), options.max_bytes, options.status, options.template_file),
        (sorted(options.select), sorted(options.ignore), options.fix),
        (policy.barred, policy.why),
    )
    return digest(content, governing(policy), _bytes(repr(asked)))


def may_keep(data: bytes, policy: Policy) -> bool:
    """Whether the result for a file with these bytes may be kept: none that depends on what git knows of a template's
    earlier versions."""
    config = policy.config
    if b"template" in data.lower() and b"version" in data.lower():
        return False
    return config is None or all(entry.versions != "git" for entry in config.templates.values())


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def day_of(known: Known) -> str:
    """The day on which something is found, and in which zone."""
    return f"{known.today} {time.tzname} {time.timezone}"


def world_key(known: Known) -> str:
    """What tells one state of the world around a file from another, the time and other specs aside."""
    return digest(_bytes(repr(replace(known, now=None, others=None)))).hex()


def template_by(key: str, policy: Policy) -> Template | None:
    """The template of that key which may judge a file."""
    there_are = (policy.bound, *policy.named.values(), *policy.recognised, *map(builtin, builtin_names()))
    return next((template for template in there_are if template and template_key(template) == key), None)


def template_key(template: Template | None) -> str:
    """What tells one template from another."""
    return of_template(template) if template is not None else ""


# --- results as JSON


def written(kept: Kept) -> bytes:
    """The result as it is kept."""
    checked = kept.checked
    left = None if checked.left is None else [[*kind, count] for kind, count in checked.left.items()]
    return json.dumps([*kept[1:], checked.kind, checked.why, checked.status, left, checked.found]).encode("ascii")


def read(value: bytes, name: str) -> Kept:
    """What was kept, as a result of the file `name`. Raises ValueError, TypeError or the like for what is none."""
    *world, kind, why, status, left, found = json.loads(value)
    return Kept(Checked(name, kind, why, status, tuple(map(_finding, found)), (), _left(left)), *world)


def _finding(data: Any) -> Shown:
    rule, severity, message, place, shown, fingerprint, fixes, related = data
    mends = (
        Mend(title, certain, tuple((Region(*where), text) for where, text in edits)) for title, certain, edits in fixes
    )
    others = tuple(Beside(path, Region(*where), words) for path, where, words in related)
    return Shown(rule, severity, message, Region(*place), Excerpt(*shown), fingerprint, tuple(mends), others)


def _left(data: Any) -> Mapping[tuple[str, str], int] | None:
    return None if data is None else {(rule, words): count for rule, words, count in data}
