"""The cards on disk: never another answer than a fresh reading gives, and no harm where they cannot be kept."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from repository import Repository, alone

from spec_ls import cache, survey
from spec_ls.cache import Cache, Kept
from spec_ls.files import FileStamp, stamp_of
from spec_ls.resolver import Policy
from spec_ls.survey import Surveyor

_NOW = time.time() + 600
_SECONDS = itertools.count(10**9)
TEMPLATE = "# [Title]\n\n- ID: REQ-000\n- State: Open / Closed\n\n## Need\n\n*Why?*\n\n## Answer\n"
CONFIG = '[templates.request]\npath = "template.md"\nfiles = ["*.md"]\n'


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a template and two specs that are not of today; cards are kept beside it."""
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path.resolve() / "cache"))
    folder = tmp_path.resolve() / "repo"
    (folder / ".git").mkdir(parents=True)
    write(folder, "template.md", TEMPLATE)
    write(folder, ".spec-ls.toml", CONFIG)
    for number in (1, 2):
        write(folder, f"{number}.md", spec(number))
    monkeypatch.setattr(cache, "_made_by", [b"this code"])
    monkeypatch.setattr(survey, "stamp_of", coarse_stamp)
    return folder


def coarse_stamp(path: str) -> FileStamp | None:
    """As a file system tells it whose clock ticks once a second, and that knows no other time of a change."""
    found = stamp_of(path)
    return found and FileStamp(found.modified // 10**9 * 10**9, found.size, found.inode, 0)


def spec(number: int, word: str = "🚦") -> str:
    return TEMPLATE.replace("REQ-000", f"REQ-{number:03}").replace("*Why?*", f"After REQ-{number + 1:03} {word}")


def write(folder: Path, name: str, text: str, now: bool = False) -> None:
    """Writes a file a second after the one before, long ago; or within the tick of the clock that has not ended yet."""
    file = folder / name
    file.write_text(text, "utf-8")
    told = _NOW if now else next(_SECONDS)
    os.utime(file, (told, told))


def told(root: Path) -> tuple[dict[str, Any], list[str], list[str]]:
    """The cards that a process which begins now tells, the files that it read, and what it would log."""
    surveyor = Surveyor(cache.folder())
    answers = json.loads(json.dumps(list(surveyor.answers({"root": str(root)}))))
    surveyor.close()
    cards = {answer["card"][0]: answer["card"] for answer in answers if "card" in answer}
    read = [Path(answer["at"]).name for answer in answers if "at" in answer]
    return cards, read, [answer["log"] for answer in answers if "log" in answer]


def fresh(root: Path) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(cache.VARIABLE, "off")
        return told(root)[0]


def test_a_second_look_reads_nothing(root: Path) -> None:
    first, read, _ = told(root)
    assert sorted(Path(path).name for path in first) == ["1.md", "2.md"] and set(read) == {"1.md", "2.md"}
    assert told(root) == (first, [], [])
    write(root, "2.md", spec(3))
    cards, read, _ = told(root)
    assert read == ["2.md"] and cards == fresh(root) != first
    os.rename(root / "2.md", root / "3.md")  # what it says is known, only its stamp is not
    os.utime(root / "3.md", (1e9, 1e9))
    cards, read, _ = told(root)
    assert read == ["3.md"] and cards == fresh(root)


def test_a_file_that_may_change_within_a_tick_is_read_again(root: Path) -> None:
    """As git does with what is racily clean: same size, same time, another text."""
    write(root, "1.md", spec(1), now=True)
    told(root)
    before = coarse_stamp(str(root / "1.md"))
    write(root, "1.md", spec(7), now=True)
    assert coarse_stamp(str(root / "1.md")) == before
    cards, read, _ = told(root)
    assert read == ["1.md"] and cards == fresh(root)
    assert cards[str(root / "1.md")][3] == "REQ-007"


@pytest.mark.parametrize("seed", range(3))
def test_whatever_changes_the_answer_is_that_of_a_fresh_reading(root: Path, seed: int) -> None:
    pick = random.Random(seed)
    names = ("1.md", "2.md", "3.md")
    changes: list[Callable[[], object]] = [
        lambda: write(root, pick.choice(names), spec(pick.randrange(9)), pick.random() < 0.7),
        lambda: write(
            root, pick.choice(names), spec(1, pick.choice(("é", "two words", "*Why?*"))), pick.random() < 0.4
        ),
        lambda: write(root, pick.choice(names), "# Notes\n"),
        lambda: (root / pick.choice(names)).unlink(missing_ok=True),
        lambda: write(root, "template.md", TEMPLATE.replace("Answer", pick.choice(("Answer", "Reply", "Need more")))),
        lambda: write(root, "template.md", TEMPLATE.replace("*Why?*", pick.choice(("*Why?*", "*What for?*")))),
        lambda: write(root, ".spec-ls.toml", CONFIG + pick.choice(("", '[rules]\nsample-text = "off"\n'))),
        lambda: write(root, ".spec-ls.toml", CONFIG.replace('"*.md"', pick.choice(('"[12].md"', '"*.md"')))),
    ]
    kept, known = Surveyor(cache.folder()), dict[str, Any]()
    for _ in range(25):
        for _ in range(pick.randrange(3)):
            pick.choice([*changes, changes[0], changes[0], changes[0]])()
        cards, _, log = told(root)
        assert cards == fresh(root) and not log
        seen = set()
        for answer in kept.answers({"root": str(root)}):
            if "card" in answer:
                known[answer["card"][0]] = answer["card"]
            known.pop(answer.get("gone", ""), None)
            seen |= {answer["card"][0] if "card" in answer else answer.get("same")}
        known = {path: card for path, card in known.items() if path in seen}
        assert json.loads(json.dumps(known)) == cards
    kept.close()


def test_a_version_of_a_template_that_git_tells_is_asked_for_again(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone(monkeypatch)
    here = tmp_path.resolve() / "versions"
    repository = Repository(here)
    repository.init()
    first, later = (f"<!-- spec-ls: template-version {version} -->\n{TEMPLATE}" for version in (1, 2))
    document = f"<!-- spec-ls: template-version=1 -->\n{spec(1)}"
    repository.save({"template.md": first, ".spec-ls.toml": CONFIG, "1.md": document})
    write(here, "template.md", later)
    write(here, "1.md", document)
    cards, read, _ = told(here)
    assert read == ["1.md"] and cards == fresh(here)
    assert told(here)[:2] == (cards, [])
    repository.save({"template.md": first.replace("## Answer", "## Reply\n\n## Else")})
    write(here, "template.md", later)
    assert told(here)[0] == fresh(here) != cards


@pytest.mark.parametrize("damage", ["garbage", "empty", "cut", "flipped", "older", "no tables", "no folder", "opened"])
def test_damage_gives_no_wrong_answer_and_is_mended(root: Path, damage: str) -> None:
    for number in range(3, 20):
        write(root, f"{number}.md", spec(number, " ".join(f"`flag_{at}`" for at in range(50))))
    cards, _, _ = told(root)
    file = Path(os.environ[cache.VARIABLE]) / cache.NAME
    data = bytearray(file.read_bytes())
    if damage == "garbage":
        file.write_bytes(b"no database at all" * 1000)
    elif damage == "empty":
        file.write_bytes(b"")
    elif damage == "cut":
        file.write_bytes(data[: len(data) // 2])
    elif damage == "flipped":
        for at in random.Random(1).sample(range(4096, len(data)), 2000):
            data[at] ^= 0x15
        file.write_bytes(data)
    elif damage == "no folder":
        file.unlink()
        file.parent.rmdir()
    elif damage == "opened":  # while others have it open
        others = [Cache(file.parent), sqlite3.connect(file)]
        file.write_bytes(b"no database at all" * 1000)
    else:
        with sqlite3.connect(file) as connection:
            connection.execute("PRAGMA user_version = 0" if damage == "older" else "DROP TABLE cards")
        connection.close()
    assert told(root)[0] == cards
    for _ in range(2):  # a part of the damage may lie where nobody looked
        assert told(root)[0] == cards
    assert told(root) == (cards, [], [])
    if damage == "opened":
        for other in others:
            other.close()


@pytest.mark.parametrize("hindrance", ["a file", "full", "read only", "off", "relative", "locked"])
def test_where_nothing_can_be_kept_everything_works(
    root: Path, hindrance: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Path(os.environ[cache.VARIABLE])
    lock: sqlite3.Connection | None = None
    write(root, "1.md", spec(1, " ".join(f"`flag_{at}`" for at in range(500))))
    if hindrance == "a file":
        place.write_bytes(b"")
    elif hindrance in ("off", "relative"):
        monkeypatch.setenv(cache.VARIABLE, "off" if hindrance == "off" else "here")
    elif hindrance == "locked":
        Cache(place).close()
        lock = sqlite3.connect(place / cache.NAME, isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
    else:
        opened = Cache._open

        def hindered(self: Cache) -> None:
            opened(self)
            assert self._connection is not None
            self._connection.execute("PRAGMA max_page_count = 1" if hindrance == "full" else "PRAGMA query_only = 1")

        monkeypatch.setattr(Cache, "_open", hindered)
    cards, read, log = told(root)
    assert cards == fresh(root) and len(read) == 2
    assert len(log) == (hindrance in ("a file", "full", "read only"))
    assert all(str(place) in said for said in log)
    assert not [*root.rglob("*.sqlite3*"), *Path().glob("here")]
    if lock is not None:
        lock.close()
        told(root)
        assert told(root)[1] == []


def test_two_processes_keep_cards_at_once(root: Path) -> None:
    for number in range(3, 60):
        write(root, f"{number}.md", spec(number))
    command = [sys.executable, "-m", "spec_ls.survey"]
    both = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in both:
        assert process.stdin is not None
        process.stdin.write(json.dumps({"root": str(root)}) + "\n")
        process.stdin.flush()
    for process in both:
        assert process.stdout is not None and process.stdin is not None
        answers = []
        while not answers or "done" not in answers[-1]:
            answers.append(json.loads(process.stdout.readline()))
        assert {answer["card"][0]: answer["card"] for answer in answers if "card" in answer} == fresh(root)
        assert not [answer for answer in answers if "log" in answer]
        process.stdin.close()
        process.wait(10)
        process.stdout.close()
    with sqlite3.connect(Path(os.environ[cache.VARIABLE]) / cache.NAME) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM cards").fetchone() == (59,)
    connection.close()


def test_what_was_not_used_for_longest_is_thrown_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cache._MOST_BYTES, "cards", 10 * (1000 + cache._ROW_BYTES) + 500)
    monkeypatch.setattr(cache, "_MOST_FILES", 10)
    kept = Kept("x" * 1000, ())
    for day in range(30):
        one = Cache(tmp_path)
        one._today = day
        one.keep(b"%d" % day, kept)
        one.keep(b"large %d" % day, Kept("x" * cache._LARGEST, ()))
        one.saw(f"/{day}", FileStamp(day, 1, 1, 1), b"content")
        assert one.find(b"0") == (kept if day else None)
        one.write()
        one.tidy()
        one.close()
    one = Cache(tmp_path)
    there = {day for day in range(30) if one.find(b"%d" % day)}
    assert 0 in there and there - {0} == set(range(30 - len(there) + 1, 30)) and 8 <= len(there) <= 10
    assert sum(one.content(f"/{day}", FileStamp(day, 1, 1, 1)) is not None for day in range(30)) == 10
    assert one.content("/29", FileStamp(29, 2, 1, 1)) is None
    one.close()


def test_every_part_of_a_policy_counts_or_is_known_not_to() -> None:
    """A card is made by a policy; what of it is new must be told from what it was, or have no say in a card."""
    counted = {"bound", "barred", "named", "recognised", "severities", "known", "past"}
    without_say = {"why", "is_template", "paths", "off", "file", "config", "config_path"}
    assert {field.name for field in dataclasses.fields(Policy)} == counted | without_say
