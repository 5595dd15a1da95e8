"""Finds out what one spec asks about others (`Others`): the catalogue answers at once, disk and git are looked up.

One way for the editor, which has them looked up in a thread, and for the command line, which waits.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Collection, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from spec_ls import index
from spec_ls.branches import Branches, BranchFile, branches, is_here, references
from spec_ls.catalogue import Card, CardMaker, Catalogue, from_plain, identifier_of
from spec_ls.features import Person
from spec_ls.files import MARKDOWN, markdown_files
from spec_ls.git import git, root_of
from spec_ls.history import Histories, head_state
from spec_ls.others import Kind, Other, Others, Seat, Step, Twins
from spec_ls.outline.inline import title_of
from spec_ls.owners import CodeOwners, code_owners
from spec_ls.patterns import safe_pattern
from spec_ls.resolver import Policy
from spec_ls.spec import Spec
from spec_ls.values import identifier, identifiers_in, last_number, same_handle
from spec_ls.workspace import Document

if TYPE_CHECKING:
    from spec_ls.briefs import Briefs

log = logging.getLogger(__name__)

_TAIL = re.compile("[#?]")
_LEADING = re.compile("[0-9]+")
_NEAR_HANDLE = 75.0
_MOST_NEAR = 3
_MOST_ENTRIES = 200_000
_MOST_KEPT = 10_000

Policies = Callable[[str], Policy]


class Question(NamedTuple):
    """What disk or git have to be asked: `specs` that branches have, the document's `twins`, the `roster` around a
    file, whether there is a `file` among the specs."""

    kind: str
    name: str
    of: Seat | None = None
    beside: tuple[str, ...] = ()


class Roster(NamedTuple):
    """The handles that a repository names, by the form in which they are compared, and whether CODEOWNERS is there."""

    handles: dict[str, str]
    has_owners: bool


class Kin(NamedTuple):
    """What disk and git say of a document's twins: those that count of the ones here, and those on branches."""

    keys: tuple[str, ...] = ()
    others: tuple[Other, ...] = ()
    free: str = ""
    certain: bool = False


class Around:
    """What lies around the specs of one root folder. `policy` says what holds for a file.

    `ask` looks at nothing but the catalogue and what `look_up` has `found` so far; that one may take long and is for
    one thread at a time, which may be another.
    """

    def __init__(self, root: str, catalogue: Catalogue | Briefs, policy: Policies, histories: Histories) -> None:
        self.root = root
        self._below = root.rstrip(os.sep) + os.sep
        self.catalogue = catalogue
        self.found: dict[Question, Any] = {}
        self.wanted: set[Question] = set()
        self.asked: set[Question] = set()
        """Those that were asked since somebody emptied it."""
        self._policy = policy
        self._histories = histories
        self._others: dict[str, tuple[Card, Other]] = {}
        self._branches: tuple[bytes, Branches] | None = None
        self._people: tuple[CodeOwners, tuple[Person, ...]] | None = None
        self._folders: Collection[str] | None = None
        """Those in which specs lie."""
        self._names: list[str] | None = None
        """Those of the files that are no specs."""
        self._last: dict[str, int] = {}
        """The highest number behind a prefix."""
        self._ages: dict[str, tuple[int, int]] = {}
        self._parsed: dict[tuple[str, str], Card | None] = {}

    def others(self, key: str, spec: Spec, policy: Policy, before: Others | None = None) -> Others:
        """What the other specs say as far as the document called `key` asks; `before` where that still holds."""
        seat = _seat(key, spec, policy)
        if before is not None and before.seat == seat and before.holds():
            return before
        return Others(seat, partial(self.ask, seat), partial(self._near, seat))

    def ask(self, seat: Seat, kind: Kind, name: str) -> Any:
        """The answer to a question of the document at `seat`; None where it is not known yet: then it is `wanted`."""
        match kind:
            case "specs":
                return self._specs(seat, name)
            case "twins":
                return self._twins(seat, name)
            case "person":
                return self._person(seat, name)
            case "file":
                path = self._target(seat, name)
                return self._looked_up(Question("file", path)) if path else None

    def _looked_up(self, question: Question) -> Any:
        self.asked.add(question)
        if question in self.found:
            return self.found[question]
        self.wanted.add(question)
        return None

    # --- specs

    def _specs(self, seat: Seat, name: str) -> tuple[Other, ...] | None:
        found = [card for card in self.catalogue.kept_by_id(name) if card.path != seat.key]
        if found:
            return tuple(map(self._other, found))
        if seat.tickets and _is_ticket(seat, name):
            return None
        told: tuple[Other, ...] | None = self._looked_up(Question("specs", name))
        return told

    def _twins(self, seat: Seat, name: str) -> Twins | None:
        beside = [card for card in self.catalogue.kept_by_id(name) if card.path != seat.key]
        told: Kin | None = self._looked_up(Question("twins", name, seat, tuple(card.path for card in beside)))
        if told is None:
            return None
        here = (self._other(card) for card in beside if card.path in told.keys)
        return Twins((*here, *told.others), told.free, told.certain)

    def _other(self, card: Card) -> Other:
        known = self._others.get(card.path)
        if known is None or known[0] is not card:
            known = self._others[card.path] = card, other_of(card, self._shown(card.path), card.path)
        return known[1]

    def _shown(self, key: str) -> str:
        if not os.path.isabs(key):
            return key
        inside = key[len(self._below) :] if key.startswith(self._below) else os.path.relpath(key, self.root)
        return inside.replace(os.sep, "/")

    def _near(self, seat: Seat, kind: Kind, name: str) -> tuple[str, ...]:
        if kind == "person":
            return self._near_handles(seat, name)
        from rapidfuzz.distance import OSA

        folded = name.casefold()
        number = _number(folded)
        ids = self.catalogue.identifiers(but=seat.key)
        scored = ((OSA.distance(folded, one.casefold(), score_cutoff=1), one) for one in ids)
        same = [one for one in ids if _number(one.casefold()) == number]
        near = sorted(one for score, one in scored if score == 1 and _number(one.casefold())[0] == number[0])
        return tuple(dict.fromkeys([*sorted(same), *near]))[:_MOST_NEAR]

    # --- people

    def _roster(self, seat: Seat) -> Roster | None:
        found: Roster | None = self._looked_up(Question("roster", os.path.dirname(seat.key)))
        return found

    def _person(self, seat: Seat, handle: str) -> bool | None:
        roster = self._roster(seat)
        if roster is None or not (seat.reviewers or (roster.has_owners and self.catalogue.has_others(but=seat.key))):
            return None
        name = same_handle(handle)
        if name in roster.handles or name in map(same_handle, seat.reviewers):
            return True
        vouching = self.catalogue.naming(handle, but=seat.key)
        return vouching > (0 if not seat.reviewers and not self._near_handles(seat, handle) else 1)

    def _near_handles(self, seat: Seat, handle: str) -> tuple[str, ...]:
        roster = self._roster(seat)
        people = {**(roster.handles if roster else {}), **{same_handle(one): one for one in seat.reviewers}}
        from rapidfuzz.fuzz import ratio
        from rapidfuzz.process import extract

        near = extract(same_handle(handle), list(people), scorer=ratio, limit=_MOST_NEAR, score_cutoff=_NEAR_HANDLE)
        return tuple(people[name] for name, *_ in near)

    # --- files

    def _target(self, seat: Seat, target: str) -> str:
        """The path to which a relative link to a Markdown file of the root leads; empty for any other."""
        name = unquote(_TAIL.split(target, maxsplit=1)[0])
        if not name.lower().endswith(MARKDOWN) or "\0" in name or not os.path.isabs(seat.key):
            return ""
        folder = self.root if name.startswith("/") else os.path.dirname(seat.key)
        path = os.path.normpath(os.path.join(folder, name.lstrip("/")))
        return path if path.startswith(self._below) else ""

    # --- looking up

    def look_up(self, questions: Iterable[Question]) -> dict[Question, Any]:
        """The answers of disk and git. Never raises on any content of those."""
        there, found = self._there(), dict[Question, Any]()
        for question in questions:
            match question.kind:
                case "specs":
                    found[question] = self._find_specs(there, question.name)
                case "twins":
                    found[question] = self._find_twins(there, question)
                case "roster":
                    found[question] = self._find_roster(question.name)
                case "file":
                    found[question] = self._find_file(there, question.name)
        return found

    def _there(self) -> Branches:
        """What the branches have now; what else git is asked is asked anew."""
        told = references(Path(self.root))
        if self._branches is None or self._branches[0] != told:
            self._branches = told, branches(Path(self.root)) if told else Branches(Path(self.root))
            self._parsed = {}
        self._people = self._names = self._folders = None
        self._last, self._ages = {}, {}
        return self._branches[1]

    def _find_specs(self, there: Branches, name: str) -> tuple[Other, ...] | None:
        """The specs of an identifier on branches; None where a file is called so that is none."""
        found = [
            other for file in there.naming(name) if (other := self._parse(there, file)) and other.id.casefold() == name
        ]
        return tuple(found) if found or not self._is_file_name(name) else None

    def _is_file_name(self, name: str) -> bool:
        prefix, number = _number(name)
        if self._names is None:
            sources = markdown_files(self.root, _MOST_ENTRIES).sources
            others = (source.path for source in sources if not self.catalogue.rests(source.path))
            self._names = [os.path.basename(path).casefold() for path in others]
        for base in self._names:
            leading = _LEADING.match(base)
            if leading and int(leading[0]) == number:
                return True
            if any(_number(found.words.casefold()) == (prefix, number) for found in identifiers_in(base, (prefix,))):
                return True
        return False

    def _parse(self, there: Branches, file: BranchFile) -> Other | None:
        """The spec that a file on a branch is; None where it is none."""
        key = file.blob, file.path
        if key not in self._parsed:
            path = os.path.join(self.root, file.path)
            policy = self._policy(path)
            text = next((text for _, text in there.texts([file])), "")
            self._parsed[key] = Document(text, policy=policy).card(CardMaker(path, policy.prefixes))
        card = self._parsed[key]
        return other_of(card, file.path, "", file.branch) if card else None

    def _find_twins(self, there: Branches, question: Question) -> Kin:
        seat, root = question.of, Path(self.root)
        assert seat is not None
        own = self._shown(seat.key)
        if not self._is_one(seat.key):
            return Kin()
        beside = tuple(filter(self._is_one, question.beside))
        elsewhere: dict[str, tuple[BranchFile, Other]] = {}
        card = self.catalogue.kept_at(seat.key)
        title = _titled(card.title) if card else ""
        for file in there.naming(question.name):
            other = self._parse(there, file) if file.path not in elsewhere else None
            if not other or other.id.casefold() != question.name:
                continue
            if title and _titled(other.title) == title and _is_pushed(root, file.reference):
                continue  # this very spec, as it was before it got another name
            if self._is_another(there, file, own):
                elsewhere[file.path] = file, other
        others = tuple(other for _, other in elsewhere.values())
        if not beside and not others:
            return Kin()
        head = head_state(root)
        ages = [(self._age(key, head), self._shown(key)) for key in beside]
        ages += [((1, file.at), file.path) for file, _ in elsewhere.values()]
        age = self._age(seat.key, head)
        rank = sum(one < (age, own) for one in ages)
        if not rank:
            return Kin(beside, others)
        last = max(self._last_number(there, seat.prefix), last_number(seat.prefix, self.catalogue.identifiers()))
        free = identifier(seat.prefix, last + rank, seat.digits)
        return Kin(beside, others, free, certain=min(ages)[0] < age)

    def _last_number(self, there: Branches, prefix: str) -> int:
        """The highest number that a file here or on a branch has behind `prefix`."""
        if prefix not in self._last:
            self._last[prefix] = last_number(prefix, index.identifiers(there.root, prefix, there=there))
        return self._last[prefix]

    def _is_one(self, key: str) -> bool:
        """Whether a document counts among the specs here: its file is none that git ignores."""
        return self.catalogue.rests(key) or not os.path.exists(key)

    def _age(self, key: str, head: object) -> tuple[int, int]:
        """When a document was added; without a commit it is the last."""
        if key not in self._ages:
            at = self._histories.added(key, head) if os.path.isabs(key) and root_of(Path(key)) else None
            self._ages[key] = (2, 0) if at is None else (1, at)
        return self._ages[key]

    def _is_another(self, there: Branches, file: BranchFile, own: str) -> bool:
        """Whether a file on a branch is none that is here as well, under this name or another."""
        root = there.root
        if is_here(root, file.path) or (file.reference, own) in there.gone:
            return False
        if file.origin:
            return file.origin != own and is_here(root, file.origin) and there.is_at_tip(file)
        return not there.had(file.path) and there.is_at_tip(file)

    def _find_file(self, there: Branches, path: str) -> bool | None:
        """Whether a file is there, or on a branch; None where it would lie among no specs."""
        if self._folders is None:
            self._folders = self._spec_folders()
        if os.path.dirname(path) not in self._folders:
            return None
        return os.path.exists(path) or self._shown(path) in there.paths

    def _spec_folders(self) -> Collection[str]:
        there = self.catalogue
        return set(map(os.path.dirname, there.files)) if isinstance(there, Catalogue) else there.folders

    def _find_roster(self, folder: str) -> Roster:
        root, inside = Path(self.root), os.path.join(folder, "-.md")
        if self._people is None:
            rules = code_owners(root)
            self._people = rules, index.people(root, rules=rules)
        rules, people = self._people
        everybody = [*people, *index.owners(root, [inside], rules)[inside]]
        names_people = any("/" not in one.handle for one in rules.owners)  # who is in a team is not known here
        return Roster({same_handle(one.handle): one.handle for one in everybody}, names_people)


def _is_pushed(root: Path, reference: str) -> bool:
    """Whether a reference is what a remote has of the branch that is checked out."""
    branch = git(root, "branch", "--show-current").strip()
    return reference.removeprefix("refs/remotes/").split("/", 1)[1:] == [branch]


def _titled(title: str) -> str:
    """What two versions of one spec are known by; empty for a sample such as `[Feature]`, which many have."""
    return "" if "[" in title or "{" in title else title_of(title).key


def catalogue_of(root: str, trouble: Callable[[str], object] = log.info) -> Catalogue:
    """The cards of all specs below a folder (a real path), read at once. What cannot be read goes to `trouble` as a
    sentence."""
    from spec_ls.cache import folder  # the editor has a process for that
    from spec_ls.survey import Surveyor

    found, surveyor = Catalogue(), Surveyor(folder())
    for answer in surveyor.answers({"root": root}):
        if "card" in answer:
            found.put(from_plain(answer["card"]))
        elif "trouble" in answer:
            trouble(answer["trouble"])
    surveyor.close()
    return found


def _seat(key: str, spec: Spec, policy: Policy) -> Seat:
    slot, config = spec.template.field("id"), policy.config
    reviewers = tuple(config.people.reviewers) if config else ()
    tickets = config.tickets.pattern if config else ""
    prefix, digits = (slot.prefix, slot.digits) if slot else ("", 0)
    return Seat(key, identifier_of(spec), prefix, digits, policy.prefixes | {prefix} - {""}, reviewers, tickets)


def _is_ticket(seat: Seat, name: str) -> bool:
    """Whether an identifier, case folded, is what the team's tickets are called."""
    pattern, (prefix, _) = safe_pattern(seat.tickets), _number(name)
    written = (one + name[len(prefix) :] for one in seat.prefixes if one.casefold() == prefix)
    return any(pattern.fullmatch(one) for one in written)


def other_of(card: Card, shown: str, key: str, branch: str = "") -> Other:
    """What a card says of another spec."""
    needs = tuple(dict.fromkeys(Step(mention.text, mention.span) for mention in card.needs()))
    return Other(shown, key, card.id, card.title, card.status, card.stage, card.place, needs, branch)


def _number(name: str) -> tuple[str, int]:
    """An identifier's prefix and number."""
    prefix = name.rstrip("0123456789")
    return prefix, int(name[len(prefix) :] or 0)


def briefs_of(root: str) -> Briefs:
    """The brief cards of all specs below a folder (a real path), read at once."""
    from spec_ls.briefs import Briefs
    from spec_ls.cache import folder
    from spec_ls.survey import Surveyor

    surveyor = Surveyor(folder())
    found = Briefs(surveyor.briefs(root, surveyor.files(root)))
    surveyor.close()
    return found


class AtOnce(Around):
    """The same for one who waits: what is asked is looked up at once, and then holds. `read` says what there is below a
    folder, and is asked when that is needed. However many specs ask, what is kept does not grow."""

    def __init__(self, root: str, policy: Policies, histories: Histories, read: Callable[[str], Briefs]) -> None:
        super().__init__(root, Catalogue(), policy, histories)
        self._read = read
        self._briefs: Briefs | None = None

    def ask(self, seat: Seat, kind: Kind, name: str) -> Any:
        if self._briefs is None:
            self.catalogue = self._briefs = self._read(self.root)
        return super().ask(seat, kind, name)

    def take(self, document: Document, path: str) -> None:
        """Takes a spec as its file has it now."""
        card = document.card(CardMaker(path, document.policy.prefixes)) if self._briefs is not None else None
        if card is not None and self._briefs is not None:
            self._briefs.put(card)

    def _looked_up(self, question: Question) -> Any:
        if question.kind == "twins":  # nobody else will ask it
            return self.look_up([question])[question]
        if question not in self.found:
            if len(self.found) > _MOST_KEPT:
                self.found.clear()
            self.found |= self.look_up([question])
        return self.found[question]

    def _other(self, card: Card) -> Other:
        if len(self._others) > _MOST_KEPT:
            self._others.clear()
        return super()._other(card)

    def _there(self) -> Branches:
        return self._branches[1] if self._branches is not None else super()._there()
