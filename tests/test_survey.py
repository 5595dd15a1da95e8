"""The process that makes cards: which files it looks at, and that nothing in them stops it or the server."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from stdio import Stdio

from spec_ls import cache
from spec_ls.catalogue import Catalogue, from_plain
from spec_ls.files import may_be_root
from spec_ls.lsp import surveys
from spec_ls.lsp.client import Client
from spec_ls.lsp.surveys import Survey, Surveys
from spec_ls.survey import Surveyor

EXPORT = (Path(__file__).parents[1] / "examples" / "invoice-export.md").read_text(encoding="utf-8")


def write(folder: Path, name: str, text: str) -> str:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    return str(file)


def spec(number: int) -> str:
    return EXPORT.replace("SPEC-014", f"SPEC-{number:03}")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "repo"
    folder.mkdir()
    return folder


def looked_at(root: Path, **request: Any) -> tuple[Catalogue, list[str]]:
    catalogue, troubles = Catalogue(), []
    answers = list(Surveyor(cache.folder()).answers({"root": str(root), **request}))
    assert answers[-1] == {"done": str(root)}
    for answer in json.loads(json.dumps(answers)):
        if "card" in answer:
            catalogue.put(from_plain(answer["card"]))
        troubles += [answer["trouble"]] if "trouble" in answer else []
    return catalogue, troubles


@pytest.mark.parametrize("by_git", [False, True])
def test_only_what_can_be_a_spec_is_read(root: Path, by_git: bool) -> None:
    write(root, "specs/b.md", spec(2))
    write(root, "specs/ä ö.MARKDOWN", spec(3))
    write(root, "README.md", "# Read me\n\nSPEC-002\n")
    write(root, "out/made.md", spec(4))
    write(root, ".gitignore", "out/\n")
    write(root, "notes.txt", spec(5))
    outside = write(root.parent, "elsewhere.md", spec(6))
    os.symlink(outside, root / "link.md")
    os.symlink(root / "specs", root / "loop")
    os.symlink(root, root / "specs" / "round")
    os.mkfifo(root / "pipe.md")
    (root / "bad.md").write_bytes(b"# \xff\n")
    if by_git:
        subprocess.run(["git", "init", "-q", str(root)], check=True)
        subprocess.run(["git", "-C", str(root), "add", "specs/b.md"], check=True)
    else:
        (root / ".git").mkdir()  # as after a failed clone: what it ignores still counts
    catalogue, troubles = looked_at(root)
    assert catalogue.ids == {"SPEC-002", "SPEC-003"}
    assert len(troubles) == 1 and "bad.md" in troubles[0] and "UTF-8" in troubles[0]


def test_templates_in_force_and_their_prefixes_count(root: Path) -> None:
    template = "# [Title]\n\n- ID: REQ-000\n- Owner: @user\n\n## Need\n\n## Answer\n"
    write(root, "template.md", template)
    config = '[templates.request]\npath = "template.md"\nfiles = ["requests/*.md"]\n'
    write(root, ".spec-ls.toml", config + '[templates.product]\nbuiltin = "product-spec"\n')
    (root / ".git").mkdir()
    write(root, "requests/1.md", template.replace("REQ-000", "REQ-001") + "See SPEC-002.\n")
    write(root, "other.md", spec(2) + "\nAfter REQ-001.\n")
    catalogue, troubles = looked_at(root)
    assert not troubles
    assert [(card.id, card.template) for card in catalogue.cards] == [
        ("SPEC-002", "product-spec"),
        ("REQ-001", "request"),
    ]
    assert len(catalogue.mentions("REQ-001", "id")) == len(catalogue.mentions("SPEC-002", "id")) == 2


def test_a_home_folder_or_a_disk_is_never_looked_through(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = root / "home" / "me"
    path = write(home, "spec.md", spec(2))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    for folder in (home, home.parent, Path(home.anchor)):
        assert not may_be_root(folder)
        assert not looked_at(folder)[0].cards
    assert may_be_root(home / "repo") and may_be_root(root / "home" / "meadow")
    assert looked_at(home, paths=[path])[0].cards  # the one file that was asked for


def test_single_files_are_looked_at_again(root: Path) -> None:
    one, two = write(root, "1.md", spec(1)), write(root, "2.md", spec(2))
    surveyor = Surveyor(cache.folder())
    assert len(list(surveyor.answers({"root": str(root)}))) == 6
    Path(one).unlink()
    write(root, "2.md", "# No spec\n")
    outside = write(root.parent, "3.md", spec(3))
    answers = list(surveyor.answers({"root": str(root), "paths": [one, two, outside, "\0"]}))
    assert [answer["gone"] for answer in answers if "gone" in answer] == [one, two, outside, "\0"]
    assert not any("card" in answer for answer in answers)


def test_what_has_not_changed_is_not_read_again(root: Path) -> None:
    one, two = write(root, "1.md", spec(1)), write(root, "2.md", spec(2))
    surveyor = Surveyor(cache.folder())

    def told() -> list[tuple[str, str]]:
        answers = surveyor.answers({"root": str(root)})
        kinds = ("card", "gone", "same")
        return [(kind, Path(found[0] if kind == "card" else found).name) for kind, found in _pairs(answers, kinds)]

    assert told() == [("card", "1.md"), ("card", "2.md")]
    assert told() == [("same", "1.md"), ("same", "2.md")]
    write(root, "2.md", spec(22) + "\n")
    assert told() == [("same", "1.md"), ("card", "2.md")]
    assert [kind for kind, _ in _pairs(surveyor.answers({"root": str(root), "paths": [one, two]}), ("card",))] == [
        "card"
    ] * 2
    write(root, ".spec-ls.toml", '[templates.product]\nbuiltin = "product-spec"\nfiles = ["!1.md"]\n')
    (root / ".git").mkdir()
    assert told() == [("gone", "1.md"), ("card", "2.md")]


def _pairs(answers: Iterable[dict[str, Any]], kinds: Sequence[str]) -> list[tuple[str, Any]]:
    return [(kind, answer[kind]) for answer in answers for kind in kinds if kind in answer]


def test_the_process_ends_with_its_input_and_gives_way(root: Path) -> None:
    write(root, "1.md", spec(1))
    with subprocess.Popen(
        [sys.executable, "-m", "spec_ls.survey"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps({"root": str(root)}) + "\n")
        process.stdin.flush()
        answers = [json.loads(process.stdout.readline()) for _ in range(4)]
        if sys.platform != "win32":
            assert os.getpriority(os.PRIO_PROCESS, process.pid) > os.getpriority(os.PRIO_PROCESS, 0)
        process.stdin.close()
        assert process.wait(10) == 0
    assert [next(iter(answer)) for answer in answers] == ["total", "at", "card", "done"]


# --- the server's side

CRASHES = """
import os, time
from spec_ls import survey
begin, read, surveyors = survey.Surveyor.__init__, survey._Look._read, []
def begun(self, place):
    begin(self, place)
    surveyors.append(self)
def crash(self, cache):
    path = self._path
    if "crash" in path: os._exit(3)
    if "hang" in path: time.sleep(60)
    if "babble" in path: print("no answer", flush=True)
    return read(self, cache)
survey.Surveyor.__init__, survey._Look._read = begun, crash
survey.main()
"""


class Told(list[str]):
    """A server that keeps what it would tell the user."""

    def __init__(self) -> None:
        self.client = Client(refreshes=("workspace/codeLens/refresh", "workspace/diagnostic/refresh"))
        self.asked: list[str] = []
        self.name = "test"
        self.work_done_progress: Any = SimpleNamespace(tokens={})
        self.configuration = SimpleNamespace(resolver=SimpleNamespace(folders=[], allowed=[]))

    def tell_once(self, message: str) -> None:
        self.append(message)

    def ask(self, method: str) -> str:
        return method

    def begin(self, job: str) -> None:
        self.asked.append(job)


async def surveyed(root: Path, told: Told) -> tuple[Surveys, Survey]:
    made: Surveys = Surveys(told)  # type: ignore[arg-type]
    survey = made.survey(str(root))
    await asyncio.wait_for(survey.looked.wait(), 20)
    return made, survey


async def ended(made: Surveys) -> int:
    process = made._process
    assert process is not None
    made.close()
    return await asyncio.wait_for(process.wait(), 10)


async def test_the_server_learns_of_all_specs_and_of_changes(root: Path) -> None:
    for number in range(1, 4):
        write(root, f"{number}.md", spec(number))
    told = Told()
    made, survey = await surveyed(root, told)
    assert survey.whole and survey.catalogue.ids == {"SPEC-001", "SPEC-002", "SPEC-003"}
    assert made.survey(str(root)) is survey and survey.known and not survey.is_awaited
    assert told.asked == ["workspace/codeLens/refresh"]
    write(root, "1.md", spec(7))
    Path(root / "2.md").unlink()
    made.changed([str(root / "1.md"), str(root / "2.md"), "/elsewhere/x.md"])
    assert await ended(made) == 0
    made.renew()  # starts the process again
    await asyncio.wait_for(survey.looked.wait(), 20)
    assert survey.catalogue.ids == {"SPEC-007", "SPEC-003"} and not told
    assert len(told.asked) > 1
    await ended(made)


async def test_a_file_that_ends_the_process_is_passed_by(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surveys, "_COMMAND", ("-c", CRASHES))
    monkeypatch.setattr(surveys, "_FILE_SECONDS", 2.0)
    for name in ("1", "2-crash", "3-babble", "4-crash", "5-hang", "6"):
        write(root, f"{name}.md", spec(int(name[0])))
    told = Told()
    made, survey = await surveyed(root, told)
    assert survey.catalogue.ids == {"SPEC-001", "SPEC-003", "SPEC-006"}
    assert [Path(message.split(":")[0]).name for message in told] == ["2-crash.md", "4-crash.md", "5-hang.md"]
    await ended(made)


async def test_without_the_process_there_is_only_what_is_open(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surveys, "_COMMAND", ("-c", "raise SystemExit(1)"))
    told = Told()
    _, survey = await surveyed(root, told)
    assert not survey.whole and len(told) == 1


class Shown:
    """How a client shows a long job: what it was told, and the token by which it cancels."""

    def __init__(self) -> None:
        self.tokens: dict[str, Future[None]] = {}
        self.told: list[str] = []
        self.begun = asyncio.Event()

    async def create_async(self, token: str) -> None:
        self.tokens[token] = Future()

    def begin(self, token: str, value: Any) -> None:
        self.told.append(value.title)
        self.begun.set()

    def report(self, token: str, value: Any) -> None:
        self.told.append(value.message)

    def end(self, token: str, value: Any) -> None:
        self.told.append("end")


async def test_a_long_look_is_shown_and_can_be_cancelled(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waits = CRASHES.replace('if "hang" in path: time.sleep(60)', 'if "waits" in path: surveyors[0].cancelled.wait(20)')
    monkeypatch.setattr(surveys, "_COMMAND", ("-c", waits))
    monkeypatch.setattr(surveys, "_SLOW_SECONDS", 0.0)
    for name in ("1", "2-waits", "3"):
        write(root, f"{name}.md", spec(int(name[0])))
    told, shown = Told(), Shown()
    told.client = Client(work_done_progress=True)
    told.work_done_progress = shown
    made: Surveys = Surveys(told)  # type: ignore[arg-type]
    survey = made.survey(str(root))
    await asyncio.wait_for(shown.begun.wait(), 20)
    next(iter(shown.tokens.values())).cancel()
    await asyncio.wait_for(survey.looked.wait(), 20)
    assert not survey.whole and "SPEC-003" not in survey.catalogue.ids
    assert shown.told[0] == "Reading specs" and shown.told[-1] == "end" and not shown.tokens
    await ended(made)


def test_in_a_home_folder_open_files_alone_count(root: Path) -> None:
    """Also where it is a repository, as those are who keep their settings in one; a folder in it counts."""
    (root / ".git").mkdir()
    opened, closed, inside = (write(root, f"{name}.md", spec(at)) for at, name in enumerate(("1", "2", "work/3"), 1))
    with Stdio(env={"HOME": str(root), "USERPROFILE": str(root)}) as server:
        folders = [{"uri": root.as_uri(), "name": "home"}, {"uri": (root / "work").as_uri(), "name": "work"}]
        server.initialize(workspaceFolders=folders)
        item = {"uri": Path(opened).as_uri(), "languageId": "markdown", "version": 1, "text": spec(1)}
        server.notify("textDocument/didOpen", {"textDocument": item})
        found = server.request("workspace/symbol", {"query": "SPEC-0"})["result"]
        server.request("shutdown")
        server.notify("exit")
        server.wait()
    shown = {symbol["location"]["uri"] for symbol in found}
    assert {Path(opened).as_uri(), Path(inside).as_uri()} <= shown and Path(closed).as_uri() not in shown
    assert server.stderr.count("is a home folder") == 1
