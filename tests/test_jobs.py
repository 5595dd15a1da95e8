"""Many specs in one run: what is known is not read again, and whatever happens to the cache, findings stay the same."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from repository import Repository, alone

from spec_ls import history
from spec_ls.cache import NAME, VARIABLE
from spec_ls.cli import check as check_module
from spec_ls.cli import jobs
from spec_ls.cli.commands import cli
from spec_ls.files import FileStamp, Source, stamp_of
from spec_ls.history import Histories

EXAMPLE = (Path(__file__).parents[1] / "examples" / "invoice-export.md").read_text(encoding="utf-8")
FILES = 70
LONG_AGO = 1_000_000_000
Run = Callable[..., str]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository with specs that are not of today, each with a finding of its own."""
    alone(monkeypatch)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv("SPEC_LS_NOW", "2026-02-02T12:00")
    monkeypatch.setattr(check_module, "log_to_stderr", lambda: None)
    monkeypatch.setattr("spec_ls.cli.results.stamp_of", without_changed)
    monkeypatch.setattr("spec_ls.survey.stamp_of", without_changed)
    made = Repository(tmp_path / "work")
    made.init()
    made.save({f"{number % 3}/{number:02}.md": text(number) for number in range(FILES)}, "2026-01-01")
    for file in made.root.rglob("*.md"):
        os.utime(file, (LONG_AGO, LONG_AGO))
    monkeypatch.chdir(made.root)
    return made


def text(number: int, heading: str = "Suport Plan", status: str = "Approved") -> str:
    source = re.sub(r"SPEC-\d+", f"SPEC-{number:04}", EXAMPLE).replace("## 6. Support Plan", f"## 6. {heading}")
    source = re.sub(r"(\*\*Status\*\* *\|).*\|", rf"\1 {status} |", source)
    return source if status == "Approved" else source.replace("- [x]", "- [ ]")


def without_changed(path: str) -> FileStamp | None:
    """As a file system tells it that knows no other time of a change, so that files may seem to be old."""
    found = stamp_of(path)
    return found and found._replace(changed=0)


def run(*arguments: str) -> str:
    done = CliRunner().invoke(cli, ["check", "--format", "json", *arguments, "."], catch_exceptions=False)
    return done.stdout + done.stderr


def fresh() -> str:
    return run("--jobs", "1", "--no-cache")


def count(monkeypatch: pytest.MonkeyPatch, target: object, name: str) -> list[object]:
    """What a function is called with from now on."""
    called: list[object] = []
    before = getattr(target, name)

    def counted(*given: object) -> object:
        called.append(given)
        return before(*given)

    monkeypatch.setattr(target, name, counted)
    return called


def test_what_has_not_changed_is_not_read_and_git_is_not_asked(
    made: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = fresh()
    assert wanted.count("misnamed-section") >= FILES
    read, asked = count(monkeypatch, jobs, "bytes_of"), count(monkeypatch, Histories, "changes")
    judged = count(monkeypatch, jobs.Judging, "text")
    assert run("--jobs", "1") == wanted
    assert (len(read), len(asked), len(judged)) == (FILES, FILES, FILES)
    assert run("--jobs", "1") == wanted
    assert (len(read), len(asked), len(judged)) == (FILES, FILES, FILES)
    made.save({"other.txt": "x"})  # another commit, and the specs' past is the same
    assert run("--jobs", "1") == run("--jobs", "1") == wanted
    assert (len(read), len(asked), len(judged)) == (FILES, 2 * FILES, FILES)
    file = made.root / "0" / "03.md"
    file.write_text(text(3, "Suppotr Plan"), "utf-8")
    os.utime(file, (LONG_AGO + 1, LONG_AGO + 1))
    assert run("--jobs", "1") == run("--jobs", "1") == fresh() != wanted
    file.write_text(text(3, "Supprot Plan"), "utf-8")  # within a tick of the clock that has not ended yet
    first = run("--jobs", "1")
    before = stamp_of(str(file))
    file.write_text(text(3, "Supporrt Plan"[:12]), "utf-8")
    assert before is not None
    os.utime(file, ns=(before.modified, before.modified))
    assert run("--jobs", "1") == fresh() != first


def test_what_git_says_of_a_spec_counts_anew(made: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    made.save({"0/03.md": text(3, status="Review")}, "2026-02-01")
    os.utime(made.root / "0" / "03.md", (LONG_AGO, LONG_AGO))
    monkeypatch.setenv("SPEC_LS_NOW", "2026-02-03T01:00+00:00")
    assert "overdue-review" not in run("--jobs", "1")
    judged = count(monkeypatch, jobs.Judging, "text")
    monkeypatch.setenv("SPEC_LS_NOW", "2026-02-03T11:59+00:00")
    assert run("--jobs", "1") == run("--jobs", "1") and not judged
    monkeypatch.setenv("SPEC_LS_NOW", "2026-02-03T12:01+00:00")
    assert "overdue-review" in run("--jobs", "1") and len(judged) == 1
    assert run("--jobs", "1") == run("--jobs", "2") == fresh()
    made.git("commit", "-q", "--amend", "--allow-empty", "--no-edit", "--date", "2026-02-03T10:00+00:00")
    assert "overdue-review" not in run("--jobs", "1")


HINDERED = """
from spec_ls.cache import Cache
from spec_ls.cli import main
opened = Cache._open
def hindered(self):
    opened(self)
    self._connection.execute("PRAGMA {}")
if "{}": Cache._open = hindered
main()
"""


@pytest.mark.parametrize("hindrance", ["a file", "max_page_count = 1", "query_only = 1", "damaged"])
def test_a_cache_that_cannot_be_used_is_told_once_and_changes_nothing(
    made: Repository, tmp_path: Path, hindrance: str
) -> None:
    wanted, place = fresh(), tmp_path / "cache"
    if hindrance == "a file":
        place.write_bytes(b"")
    elif hindrance == "damaged":
        place.mkdir()
        (place / NAME).write_bytes(b"no database at all" * 1000)
    code = HINDERED.replace("{}", hindrance if "=" in hindrance else "")
    for processes in ("2", "1"):
        command = [sys.executable, "-c", code, "check", "--format", "json", "--jobs", processes, "."]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.stdout == wanted and done.returncode == 1
        assert done.stderr.count("nothing can be kept here") == (hindrance != "damaged"), done.stderr
        assert len(done.stderr.splitlines()) <= 1


@pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")
def test_killed_at_any_time_the_next_run_says_the_same(made: Repository) -> None:
    wanted = fresh()
    command = [sys.executable, "-m", "spec_ls", "check", "--format", "json", "--jobs", "2", "."]
    for finding in (1, 100):
        with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
            assert process.stdout is not None
            for _ in range(finding):
                process.stdout.readline()
            os.killpg(process.pid, signal.SIGKILL)
    assert run("--jobs", "2") == run("--jobs", "2") == wanted


def test_no_more_processes_than_the_system_waits_for_or_there_is_work_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "cores", lambda: 96)
    assert jobs.processes_for(100_000, 0) == jobs.processes_for(100_000, 200) == 61
    assert [jobs.processes_for(files, 8) for files in (0, 1, 33, 100, 1000)] == [1, 1, 2, 4, 8]
    assert [jobs.processes_for(files, 0) for files in (63, 64, 200)] == [1, 1, 3]


def test_how_many_files_are_looked_at_is_shown(made: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "can_show_progress", lambda: True)
    monkeypatch.setattr("spec_ls.cli.progress._SECONDS", 0.0)
    monkeypatch.setattr(jobs, "_BRIEF_BATCH", 30)
    told = CliRunner().invoke(cli, ["check", "--format", "json", "--jobs", "2", "."]).stderr
    shown = re.findall(r"\] (\d+) of (\d+) files looked at", told)
    assert shown == [("0", "70"), ("30", "70"), ("60", "70")] and told.endswith("\r\x1b[K")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere processes begin with nothing")
def test_git_is_asked_once_for_all_processes(made: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, before = tmp_path / "asked", history._history

    def counted(root: Path) -> object:
        with asked.open("a") as file:
            file.write(f"{os.getpid()}\n")
        return before(root)

    monkeypatch.setattr(history, "_history", counted)
    wanted, here = run("--jobs", "2"), f"{os.getpid()}\n"
    assert asked.read_text() == here and run("--jobs", "2") == wanted
    assert asked.read_text() == here, "all is known"
    made.save({"other.txt": "x"})
    assert run("--jobs", "2") == wanted and asked.read_text() == 2 * here


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere processes begin with nothing")
@pytest.mark.parametrize("ending", ["spec_ls.survey._Look._read", "spec_ls.cli.judging.Judging.text"])
def test_the_end_of_a_process_is_told(made: Repository, monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    monkeypatch.setattr(ending, lambda *given: os._exit(9))
    done = CliRunner().invoke(cli, ["check", "--format", "json", "--jobs", "2", "."])
    assert done.exit_code == 2 and done.stdout == "[]\n"
    assert done.stderr.count("the process that was to check it has ended; try --jobs 1") == FILES


def test_what_processes_make_comes_in_order(made: Repository) -> None:
    sources = [Source(str(file), False) for file in sorted(made.root.rglob("*.md"), reverse=True)]
    work = jobs.Work(jobs.Options())
    resolver = jobs.Resolver()
    checked = list(jobs.check_in_processes(sources, work, 3, resolver))
    assert [one.name for one in checked] == [source.path for source in sources]
    assert checked == list(jobs.check_here(sources, jobs.Worker(work, resolver)))
