"""What governs a file: the configuration nearest above it, the template bound to it, how rules weigh for it.

One resolver serves the editor and the command line. The disk is asked through it alone, and only for
configuration files above a document and the templates that they name; an editor's unsaved text goes first.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from spec_ls.baseline import NAME as BASELINE
from spec_ls.baseline import BrokenBaseline, Known, read_baseline
from spec_ls.drift import means_the_same
from spec_ls.files import CannotRead, Stamp, decode, regular_bytes, stamp_of
from spec_ls.git import root_of
from spec_ls.history import Histories, Question, head_files
from spec_ls.rules.base import Severity, severities_of
from spec_ls.template import builtin, builtin_names, template_paths
from spec_ls.template.model import Template
from spec_ls.template.read import read_template
from spec_ls.text import TOP

if TYPE_CHECKING:
    from spec_ls.config import Config, ConfigFault, Reading

log = logging.getLogger(__name__)

NAMES = (".spec-ls.toml", "pyproject.toml")
"""The files that a configuration may stand in, the one that goes first in front."""

MOST_BYTES = 2_000_000
"""The largest configuration or template (bytes) that is read."""

_TABLE = "tool.spec-ls"
"""Without this in it a pyproject.toml is no configuration."""
_MOST_COMPARED = 100
_TEMPLATE_FOLDERS = "SPEC_LS_TEMPLATE_FOLDERS"
"""Folders outside the repository that the user lets templates stand in, parted as in PATH."""


class Answer(NamedTuple):
    """A template as it once stood; None where nothing is known of that."""

    template: Template | None


Ask = Callable[[Question], Answer | None]
"""Finds out which version of a template judges; None while that is being found out."""


def _today(template: Template, version: str) -> Template:
    return template


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for one document.

    - `bound`: the template that a glob binds it to, `why` in which words; `barred`: why it can be no spec
    - `is_template`: it is a template in force, which is why it is barred
    - `named`: the team's templates by name; those that come with spec-ls are known besides. `paths`: their files
    - `recognised`: the templates that a document is taken for by its looks
    - `severities`: what rules weigh here, whatever the status; None is silence
    - `off`: the features that are switched off
    - `past`: the version of a template that judges the document, which says that it was written after version `version`
      (empty: it says nothing); the template itself where that is today's; None while it is being found out
    - `known`: the findings that the baseline passes over, for the document's `file` (its path from the root)
    """

    bound: Template | None = None
    why: str = ""
    barred: str = ""
    is_template: bool = False
    named: Mapping[str, Template] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)
    recognised: tuple[Template, ...] = ()
    severities: Mapping[str, Severity | None] = field(default_factory=dict)
    off: frozenset[str] = frozenset()
    past: Callable[[Template, str], Template | None] = _today
    known: Known = field(default_factory=dict)
    file: str = ""
    config: Config | None = None
    config_path: str = ""

    def template(self, name: str) -> Template | None:
        """The template of that name, the team's before one that comes with spec-ls; None where there is none."""
        found = self.named.get(name)
        if found is None and name in builtin_names():
            return builtin(name)
        return found

    @property
    def prefixes(self) -> frozenset[str]:
        """Those of the identifiers of all templates in force."""
        templates = (*self.named.values(), *self.recognised, *((self.bound,) if self.bound else ()))
        return frozenset(slot.prefix for template in templates for slot in template.fields if slot.prefix)

    def path(self, template: Template) -> str:
        """The file that holds one of the team's templates as it is today; empty for any other template."""
        return next((self.paths.get(name, "") for name, one in self.named.items() if one is template), "")

    def names(self) -> tuple[str, ...]:
        """The names of all templates that a document may call itself after."""
        return tuple(dict.fromkeys((*self.named, *builtin_names())))


def default_policy() -> Policy:
    """What holds where nothing is configured: documents are recognised by the default template."""
    return Policy(recognised=(builtin(),))


@dataclass(slots=True)
class _Bound:
    """A template of a configuration: where it lies, what it says, which files it binds, and which a `!` takes out."""

    name: str
    path: str
    template: Template | None
    matches: Callable[[str], bool] | None = None
    takes_out: Callable[[str], bool] | None = None
    trouble: str = ""
    by_git: bool = False
    """A document is judged by the version that was in force when it was added."""


@dataclass(slots=True)
class _Loaded:
    """A configuration file in force. `faults` are those of the file as it is, the rest may be of its last good text."""

    path: str
    folder: str
    source: str
    config: Config
    severities: Mapping[str, Severity | None]
    templates: list[_Bound] = field(default_factory=list)
    overrides: list[tuple[Callable[[str], bool], Mapping[str, Severity | None]]] = field(default_factory=list)
    faults: list[ConfigFault] = field(default_factory=list)


class Faulty(NamedTuple):
    """A file that governs others: its text, and what is wrong with it (nothing, where it is right)."""

    source: str
    faults: tuple[ConfigFault, ...]


class Resolver:
    """The configurations and templates that documents ask for, read once each until `refresh` finds them changed.

    `folders` are the workspace's: outside a repository, configuration is looked for up to there. `allowed` are folders
    that the user's own settings let templates stand in. `shown` gives an editor's text of a path, None for one that is
    not open. `ask` finds out about templates as they once stood, by default at once. No method raises on any content of
    the disk.
    """

    def __init__(
        self,
        folders: Sequence[str] = (),
        allowed: Sequence[str] = (),
        shown: Callable[[str], str | None] = lambda path: None,
        ask: Ask | None = None,
    ) -> None:
        self._ask = ask or ask_at_once()
        self._heads: dict[Path, object] = {}
        self._same: dict[tuple[int, int], tuple[Template, Template, bool]] = {}
        self.folders = [os.path.realpath(folder) for folder in folders]
        extra = [folder for folder in os.environ.get(_TEMPLATE_FOLDERS, "").split(os.pathsep) if folder]
        self.allowed = [os.path.realpath(folder) for folder in (*allowed, *extra)]
        self._shown = shown
        self._stamps: dict[str, Stamp] = {}
        self._governing: dict[str, str | None] = {}
        self._loaded: dict[str, _Loaded] = {}
        self._baselines: dict[str, tuple[str, dict[str, Known]] | None] = {}
        self._broken: dict[str, Faulty] = {}
        self._last_good: dict[str, Reading] = {}
        self._last_template: dict[str, Template] = {}

    # --- what holds for a document

    def policy(self, path: str | None) -> Policy:
        """What holds for the document at `path`; for one without a path (untitled, another scheme), the default."""
        if path is None:
            return self.without_file()
        return self.policy_at(os.path.realpath(path))

    def policy_at(self, path: str) -> Policy:
        """What holds for the document at the real path `path`."""
        loaded = self._configuration(os.path.dirname(path))
        barred = self._is_template(path, loaded)
        is_template = bool(barred)
        known = self._known(path)
        if loaded is None:
            return Policy(recognised=(builtin(),), barred=barred, is_template=is_template, known=known, file=path)
        relative = _from(path, loaded.folder)
        bound = next((one for one in loaded.templates if one.matches is not None and one.matches(relative)), None)
        if bound is not None and bound.template is None:
            barred = barred or f"its template {bound.name} cannot be read: {bound.trouble}"
        weights = dict(loaded.severities)
        for matches, levels in loaded.overrides:
            if matches(relative):
                weights.update(levels)
        named, paths = _templates(loaded)
        return Policy(
            bound=bound.template if bound else None,
            why=f"{os.path.basename(loaded.path)} binds {relative} to the template {bound.name}" if bound else "",
            barred=barred,
            is_template=is_template,
            named=named,
            paths=paths,
            recognised=self._recognised(loaded, relative),
            severities=weights,
            off=frozenset(name for name, on in loaded.config.features.items() if not on),
            past=partial(self._past, loaded, path),
            known=known,
            file=path,
            config=loaded.config,
            config_path=loaded.path,
        )

    def without_file(self) -> Policy:
        """What holds for a document that is no file: the configuration of the first workspace folder, globs aside."""
        loaded = self._configuration(self.folders[0]) if self.folders else None
        if loaded is None:
            return default_policy()
        named, paths = _templates(loaded)
        return Policy(
            named=named,
            paths=paths,
            recognised=self._recognised(loaded, ""),
            severities=loaded.severities,
            off=frozenset(name for name, on in loaded.config.features.items() if not on),
            past=partial(self._past, loaded, ""),
            config=loaded.config,
            config_path=loaded.path,
        )

    def _recognised(self, loaded: _Loaded, relative: str) -> tuple[Template, ...]:
        """The templates that a file may be taken for by its looks: the configured ones whose globs do not take it out,
        the default one where none is configured."""
        if not loaded.templates:
            return (builtin(),)
        open_to_it = [one for one in loaded.templates if not (one.takes_out and one.takes_out(relative))]
        return tuple(one.template for one in open_to_it if one.template is not None)

    def faults(self) -> dict[str, Faulty]:
        """The configurations and baselines that have been asked for, by their paths, with what is wrong with each."""
        found = {loaded.path: Faulty(loaded.source, tuple(loaded.faults)) for loaded in self._loaded.values()}
        return found | self._broken

    def depends_on(self, path: str) -> bool:
        """Whether an answer so far depends on what is at the real path `path`."""
        return path in self._stamps

    def refresh(self) -> bool:
        """Looks at all those files again. True where one has changed, and then all answers must be asked for anew."""
        if all(self._stamp(path) == stamp for path, stamp in self._stamps.items()):
            return False
        self._forget()
        return True

    def take_folders(self, folders: Sequence[str]) -> None:
        """From now on the workspace has these folders, and all answers must be asked for anew."""
        self.folders = [os.path.realpath(folder) for folder in folders]
        self._forget()

    def _forget(self) -> None:
        self._stamps, self._governing, self._loaded, self._baselines, self._broken = {}, {}, {}, {}, {}
        self._heads = {}

    # --- finding

    def _configuration(self, folder: str) -> _Loaded | None:
        """The configuration nearest above `folder`, up to the repository's or the workspace's top."""
        if folder not in self._governing:
            self._governing[folder] = next(filter(None, map(self._read, self._upwards(folder))), None)
        path = self._governing[folder]
        return self._loaded.get(path) if path else None

    def _upwards(self, folder: str) -> Iterator[str]:
        """`folder` and those above it, as far as configuration may stand: to the top of the repository; outside one, to
        that of the workspace, or of the file system where the file is in neither."""
        chain = [folder, *map(str, Path(folder).parents)]
        top = next((one for one in chain if os.path.lexists(os.path.join(one, ".git"))), None)
        if top is None:
            inside = [one for one in self.folders if _is_within(folder, one)]
            top = min(inside, key=len) if inside else chain[-1]
        yield from chain[: chain.index(top) + 1]

    def _root(self, folder: str) -> str:
        """The folder that a configuration in `folder` may name templates in: the repository or workspace around it."""
        *_, top = self._upwards(folder)
        return top if top != os.path.dirname(top) else folder

    def _read(self, folder: str) -> str | None:
        """Reads the configuration that stands in `folder`; its path, None where there is none."""
        for name in NAMES:
            path = os.path.join(folder, name)
            if path in self._loaded:
                return path
            try:
                source = self._source(path)
            except CannotRead as error:
                source = ""
                if self._stamps[path] is not None and name == NAMES[0]:
                    self._broken[path] = _broken("configuration", str(error))
                elif self._stamps[path] is not None:  # which may be none of ours
                    log.warning("%s: %s", path, error)
            if not source or (name == "pyproject.toml" and _TABLE not in source):
                continue
            from spec_ls.config import read_config  # most folders have none

            reading = read_config(source, name == "pyproject.toml")
            if reading.config is None and not reading.faults:
                continue
            self._loaded[path] = self._load(path, folder, source, reading)
            return path
        return None

    def _load(self, path: str, folder: str, source: str, reading: Reading) -> _Loaded:
        """Puts a configuration in force; one with faults leaves the last good one there."""
        from spec_ls.config import Config, ConfigFault

        faults = list(reading.faults)
        if reading.config is not None:
            self._last_good[path] = reading
        good = self._last_good.get(path)
        config = good.config if good and good.config else Config()
        loaded = _Loaded(path, folder, source, config, severities_of(config.rules.items()), faults=faults)
        for name, entry in config.templates.items():
            if entry.builtin is not None:
                bound = _Bound(name, "", builtin(entry.builtin))
            else:
                bound = self._template(name, os.path.normpath(os.path.join(folder, entry.path or "")), folder)
            bound.by_git = entry.versions == "git"
            taken_out = [glob[1:] for glob in entry.files if glob.startswith("!")]
            bound.matches = _matcher(entry.files) if entry.files else None
            bound.takes_out = _matcher(taken_out) if taken_out else None
            loaded.templates.append(bound)
            if bound.trouble and reading.config is not None:
                key = (*(("tool", "spec-ls") if path.endswith("pyproject.toml") else ()), "templates", name, "path")
                span = reading.places.get(key, (TOP,) * 2)[1]
                faults.append(ConfigFault(span, f"The template {entry.path} cannot be used: {bound.trouble}."))
        for override in config.overrides:
            loaded.overrides.append((_matcher(override.files), severities_of(override.rules.items())))
        return loaded

    def _template(self, name: str, path: str, folder: str) -> _Bound:
        """A template from its file; where that has become unreadable, as it was when last read."""
        real = os.path.realpath(path)
        if not any(_is_within(real, root) for root in (self._root(folder), *self.allowed)):
            outside = f"it lies outside {self._root(folder)}"
            trouble = f"{outside}; name its folder in the environment variable {_TEMPLATE_FOLDERS} to allow it"
            return _Bound(name, real, None, trouble=trouble)
        path = real
        try:
            source = self._source(path)
        except CannotRead as error:
            return _Bound(name, path, self._last_template.get(path), trouble=str(error))
        before = self._last_template.get(path)
        if before is None or before.source != source or before.name != name:
            self._last_template[path] = read_template(source, name)
        template = self._last_template[path]
        trouble = "" if template.sections or template.fields else "it has neither sections nor metadata"
        return _Bound(name, path, template, trouble=trouble)

    def _is_template(self, path: str, loaded: _Loaded | None) -> str:
        """Why a file is a template and so no spec; empty where it is none."""
        if path in _own_templates():
            return "it is a template itself"
        for one in loaded.templates if loaded else ():
            if path == one.path:
                return f"it is the template {one.name} itself"
        return ""

    # --- templates as they once stood

    def _past(self, loaded: _Loaded, document: str, today: Template, version: str) -> Template | None:
        """`Policy.past` for a document at the real path `document`; empty: it is no file."""
        bound = next((one for one in loaded.templates if one.template is today), None)
        if bound is None or not bound.path or (version and version == today.version):
            return today
        if not version and not (bound.by_git and document):
            return today
        root = root_of(Path(bound.path))
        if root is None:
            return today
        head = self._head(root)
        found = self._ask(Question(bound.path, bound.name, "" if version else document, version, head))
        if found is None:
            return None
        return today if found.template is None or self._means_the_same(found.template, today) else found.template

    def _head(self, root: Path) -> object:
        """What tells one state of a repository from another; watched from now on."""
        if root not in self._heads:
            files = head_files(root)
            self._stamps.update((path, stamp_of(path)) for path in files)
            self._heads[root] = tuple(self._stamps[path] for path in files)
        return self._heads[root]

    def _means_the_same(self, one: Template, other: Template) -> bool:
        key = id(one), id(other)
        if key not in self._same:
            if len(self._same) >= _MOST_COMPARED:  # a template that is typed in is another one with every letter
                self._same = {}
            self._same[key] = one, other, means_the_same(one, other)
        return self._same[key][2]

    # --- the baseline

    def baseline(self, path: str) -> tuple[str, dict[str, Known]] | None:
        """The path of the baseline nearest above the document at `path`, and all that it knows; None without one."""
        return self._baseline(os.path.dirname(os.path.realpath(path)))

    def _baseline(self, folder: str) -> tuple[str, dict[str, Known]] | None:
        if folder not in self._baselines:
            self._baselines[folder] = next(filter(None, map(self._read_baseline, self._upwards(folder))), None)
        return self._baselines[folder]

    def repository(self, path: str) -> str | None:
        """The top of the repository that holds the file at `path`; None outside one."""
        *_, top = self._upwards(os.path.dirname(os.path.realpath(path)))
        return top if os.path.lexists(os.path.join(top, ".git")) else None

    def baselines(self) -> dict[str, dict[str, Known]]:
        """Every baseline that has been asked for, by its path."""
        return dict(filter(None, self._baselines.values()))

    def _read_baseline(self, folder: str) -> tuple[str, dict[str, Known]] | None:
        path = os.path.join(folder, BASELINE)
        try:
            return path, read_baseline(self._source(path))
        except CannotRead as error:
            if self._stamps[path] is not None:
                self._broken[path] = _broken("baseline", str(error))
        except BrokenBaseline as error:
            self._broken[path] = _broken("baseline", str(error))
        return None

    def _known(self, path: str) -> Known:
        found = self._baseline(os.path.dirname(path))
        return found[1].get(_from(path, os.path.dirname(found[0])), {}) if found else {}

    # --- the disk

    def _source(self, path: str) -> str:
        """The text of a file, the editor's if it is open there. Raises CannotRead."""
        shown = self._shown(path)
        if shown is not None:
            self._stamps[path] = ("shown", shown)
            return shown
        self._stamps[path] = stamp_of(path)
        return read_bounded(path)

    def _stamp(self, path: str) -> Stamp:
        shown = self._shown(path)
        return ("shown", shown) if shown is not None else stamp_of(path)


def ask_at_once() -> Ask:
    """Asks git, and waits for what it says."""
    histories = Histories()
    return lambda question: Answer(histories.template(question))


def read_bounded(path: str) -> str:
    """The text of a regular file of at most 2 MB. Raises CannotRead: devices, pipes and folders are not read."""
    try:
        data = regular_bytes(path, MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise CannotRead((reason or "cannot be read").lower()) from None
    if len(data) > MOST_BYTES:
        raise CannotRead(f"is larger than {MOST_BYTES // 1_000_000} MB")
    return decode(data)


def _templates(loaded: _Loaded) -> tuple[dict[str, Template], dict[str, str]]:
    """The templates of a configuration by name, and their files; one that comes with spec-ls has none here."""
    named = {one.name: one.template for one in loaded.templates if one.template is not None}
    return named, {one.name: one.path for one in loaded.templates if one.path}


def _broken(what: str, reason: str) -> Faulty:
    from spec_ls.config import ConfigFault

    return Faulty("", (ConfigFault(TOP, f"The {what} is not in force: {reason}."),))


def relative_to(path: str, folder: str) -> str:
    """A path as globs and the baseline have it: from `folder` on, with `/`."""
    return _from(os.path.realpath(path), folder)


def _from(path: str, folder: str) -> str:
    return os.path.relpath(path, folder).replace(os.sep, "/")


@cache
def _own_templates() -> frozenset[str]:
    """The real paths of the templates that come with spec-ls."""
    return frozenset(map(os.path.realpath, template_paths()))


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _matcher(globs: Sequence[str]) -> Callable[[str], bool]:
    """Whether a path relative to the configuration fits one of `globs` and none with `!`; `*` never crosses `/`."""
    from wcmatch import glob

    flags = glob.GLOBSTAR | glob.BRACE | glob.DOTGLOB | glob.NEGATE | glob.NEGATEALL | glob.FORCEUNIX
    try:
        made = glob.compile([re.sub(r"^(!?)(?:\./|/)+", r"\1", one) for one in globs], flags=flags)
    except Exception as error:  # a pattern that unfolds to more than a thousand
        log.warning("%s: %s", ", ".join(globs), error)
        return lambda relative: False
    return lambda relative: not relative.startswith("../") and bool(made.match(relative))
