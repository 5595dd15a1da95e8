"""People and identifiers of real repositories, made for each test; and what the server makes of them."""

from __future__ import annotations

import contextlib
import inspect
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from stdio import Message, Stdio

from spec_ls import git, index

DRAFT = (Path(__file__).parent / "cases" / "bases" / "draft.md").read_text(encoding="utf-8")
NOWHERE = "/dev/null"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the programs that stand in for others are scripts")


@pytest.fixture(autouse=True)
def only_this_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the tester's own configuration nor a repository around the tests is seen."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", NOWHERE)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", "/")


class Repository:
    """A folder, most often with a repository of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.root.mkdir(parents=True, exist_ok=True)

    def git(self, *arguments: str, stdin: bytes = b"") -> str:
        done = subprocess.run(["git", *arguments], cwd=self.root, input=stdin, capture_output=True, check=True)
        return done.stdout.decode().strip()

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def commit(self, name: str, address: str) -> None:
        """An empty commit by that author."""
        who = ("-c", f"user.name={name}", "-c", f"user.email={address}")
        self.git(*who, "commit", "--quiet", "--allow-empty", "--message", "Words")

    @property
    def people(self) -> list[str]:
        return [person.handle for person in index.people(self.root)]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "répo 📦")
    made.git("init", "--quiet", "--initial-branch=main")
    return made


def program(path: Path, *lines: str) -> Path:
    """A shell script that can be run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return path


# --- where a repository begins --------------------------------------------------------------------------------------


def test_the_root_is_where_git_has_its_folder(repository: Repository, tmp_path: Path) -> None:
    assert git.root_of(repository.root / "docs" / "specs" / "a.md") == repository.root
    assert git.root_of(tmp_path / "a.md") is None


def test_a_worktree_is_a_root_with_the_same_authors(repository: Repository, tmp_path: Path) -> None:
    repository.commit("Ada", "ada@users.noreply.github.com")
    repository.git("worktree", "add", "--quiet", "-b", "other", str(tmp_path / "tree"))
    tree = Repository(tmp_path / "tree")
    assert (tree.root / ".git").is_file()
    assert git.root_of(tree.root / "docs" / "a.md") == tree.root
    assert tree.people == ["@ada"]


def test_a_path_that_cannot_be_is_in_no_repository(tmp_path: Path) -> None:
    assert git.root_of(tmp_path / ("a" * 300) / "spec.md") is None


# --- identifiers on other branches ----------------------------------------------------------------------------------

TAKEN = "# Doors\n\n- Spec ID: SPEC-{}\n"


def test_identifiers_of_other_branches_are_taken(repository: Repository, tmp_path: Path) -> None:
    repository.write("docs/a.md", TAKEN.format("001"))
    repository.git("add", "--all")
    repository.commit("Ada", "ada@example.org")
    repository.git("switch", "--quiet", "--create", "feature/größe")
    repository.write("docs/b 📦.md", TAKEN.format("002"))
    repository.write(":docs.md", TAKEN.format("003"))
    repository.git("add", "--all")
    repository.commit("Ada", "ada@example.org")
    repository.git("switch", "--quiet", "main")
    there = {name: tuple(place) for name, place in index.branch_identifiers(repository.root, "SPEC-").items()}
    assert there == {"SPEC-002": ("feature/größe", "docs/b 📦.md"), "SPEC-003": ("feature/größe", ":docs.md")}
    assert index.identifiers(repository.root, "SPEC-") == {"SPEC-001", "SPEC-002", "SPEC-003"}
    repository.git("clone", "--quiet", str(repository.root), str(tmp_path / "clone"))
    there = {name: tuple(place) for name, place in index.branch_identifiers(tmp_path / "clone", "SPEC-").items()}
    assert there["SPEC-002"] == ("origin/feature/größe", "docs/b 📦.md")


def test_without_a_commit_no_branch_has_anything(repository: Repository) -> None:
    repository.write("a.md", TAKEN.format("001"))
    assert index.branch_identifiers(repository.root, "SPEC-") == {}
    assert index.identifiers(repository.root, "SPEC-") == {"SPEC-001"}


# --- CODEOWNERS -----------------------------------------------------------------------------------------------------

PLACES = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"]


@pytest.mark.parametrize("first", range(3), ids=PLACES)
def test_the_first_of_the_three_places_counts(repository: Repository, first: int) -> None:
    for number, place in enumerate(PLACES[first:]):
        repository.write(place, f"* @owner-{number}\n")
    assert repository.people == ["@owner-0"]


def test_owners_are_read_as_hosts_read_them(repository: Repository) -> None:
    repository.write(
        "CODEOWNERS",
        "\ufeff# @nobody owns this line\r\n"
        "*            @ada  @org/platform\r\n"
        "\r\n"
        "/docs/       someone@example.org @zoë # and @not-me\r\n"
        "*.md         @Ada @日本 @a.b_c-d\r\n"
        "/free/\r\n"
        "[Section][2] @org/sub/team\r\n",
    )
    people = index.people(repository.root)
    assert [person.handle for person in people] == [
        "@ada",
        "@org/platform",
        "@zoë",
        "@日本",
        "@a.b_c-d",
        "@org/sub/team",
    ]
    assert {person.source for person in people} == {"CODEOWNERS"}


def test_owners_come_before_authors_and_nobody_twice(repository: Repository) -> None:
    repository.commit("Ada", "1+ADA@users.noreply.github.com")
    repository.commit("Berta", "2+berta@users.noreply.github.com")
    repository.write("docs/CODEOWNERS", "* @zoë @ada\n")
    people = [(person.handle, person.source) for person in index.people(repository.root)]
    assert people == [("@zoë", "CODEOWNERS"), ("@ada", "CODEOWNERS"), ("@berta", "git")]


@pytest.mark.parametrize("content", [b"* @z\xffo\n", "* @zoë\n".encode("utf-16"), b"\x00\x01\x02"])
def test_owners_that_are_no_text_take_nothing_else_along(repository: Repository, content: bytes) -> None:
    repository.write("CODEOWNERS", content)
    repository.commit("Ada", "ada@users.noreply.github.com")
    assert repository.people == ["@ada"]


def test_owners_that_are_no_file(repository: Repository) -> None:
    (repository.root / ".github" / "CODEOWNERS").mkdir(parents=True)
    (repository.root / "CODEOWNERS").symlink_to("CODEOWNERS")
    repository.write("docs/CODEOWNERS", "* @zoë\n")
    assert repository.people == ["@zoë"]


def test_owners_outside_the_repository(repository: Repository, tmp_path: Path) -> None:
    """A link may lead anywhere on the machine of whoever opens the repository."""
    (tmp_path / "elsewhere").write_text("* @secret\n")
    (repository.root / "CODEOWNERS").symlink_to(tmp_path / "elsewhere")
    told: list[str] = []
    assert index.people(repository.root, told.append) == ()
    assert told == [f"{repository.root / 'CODEOWNERS'}: leads out of the repository and is not read"]


def test_owners_without_end(repository: Repository) -> None:
    file = repository.write("CODEOWNERS", "* @zoë\n")
    os.truncate(file, 10_000_000_000)
    repository.write("docs/CODEOWNERS", "* @ana\n")
    told: list[str] = []
    assert [person.handle for person in index.people(repository.root, told.append)] == ["@ana"]
    assert len(told) == 1 and "bytes" in told[0]


needs_permissions = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything"
)


@needs_permissions
def test_owners_that_may_not_be_read(repository: Repository) -> None:
    repository.write("CODEOWNERS", "* @zoë\n").chmod(0)
    repository.commit("Ada", "ada@users.noreply.github.com")
    assert repository.people == ["@ada"]


@needs_permissions
def test_a_folder_of_owners_that_may_not_be_searched(repository: Repository) -> None:
    folder = repository.write(".github/CODEOWNERS", "* @zoë\n").parent
    repository.commit("Ada", "ada@users.noreply.github.com")
    folder.chmod(0)
    try:
        assert repository.people == ["@ada"]
    finally:
        folder.chmod(0o755)


# --- git authors ----------------------------------------------------------------------------------------------------


def test_authors_are_known_by_the_noreply_addresses_of_their_hosts(repository: Repository) -> None:
    repository.commit("Ada", "ada@users.noreply.github.com")
    repository.commit("Zoë", "someone@example.org")
    repository.commit("Berta", "12345+berta-b@users.noreply.github.com")
    repository.commit("Carl", "carl.c@users.noreply.git.example.org")
    repository.commit("Not a host's", "users.noreply.github.com@example.org")
    assert repository.people == ["@carl.c", "@berta-b", "@ada"]
    repository.commit("Ada again", "1+ada@users.noreply.github.com")
    assert repository.people == ["@ada", "@carl.c", "@berta-b"]


def test_gitlab_puts_a_hyphen_behind_the_number(repository: Repository) -> None:
    repository.commit("Dora", "77-dora@users.noreply.gitlab.com")
    assert repository.people == ["@dora"]


@pytest.mark.parametrize("address", ["1+helper[bot]@users.noreply.github.com", "two words@users.noreply.github.com"])
def test_what_cannot_be_a_handle_is_nobody(repository: Repository, address: str) -> None:
    repository.commit("Somebody", address)
    assert repository.people == []


def test_the_mailmap_is_heeded(repository: Repository) -> None:
    repository.commit("Ada", "ada@example.org")
    repository.commit("Old", "1+old-name@users.noreply.github.com")
    repository.commit("Left", "left@users.noreply.github.com")
    repository.write(
        ".mailmap",
        "Ada <7+ada@users.noreply.github.com> <ada@example.org>\n"
        "New <1+new-name@users.noreply.github.com> <1+old-name@users.noreply.github.com>\n"
        "Left <left@example.org> <left@users.noreply.github.com>\n",
    )
    assert repository.people == ["@new-name", "@ada"]


def test_a_repository_without_a_commit(repository: Repository) -> None:
    repository.write("CODEOWNERS", "* @zoë\n")
    assert repository.people == ["@zoë"]
    assert git.git(repository.root, "log") == ""


def test_a_folder_without_git(tmp_path: Path) -> None:
    folder = Repository(tmp_path / "folder")
    assert folder.people == []
    folder.write("CODEOWNERS", "* @zoë\n")
    assert folder.people == ["@zoë"]


@pytest.mark.parametrize("content", ["gitdir: /nowhere/at/all\n", "gitdir: .git\n", "", "noise \x00"])
def test_a_repository_that_git_cannot_open(tmp_path: Path, content: str) -> None:
    folder = Repository(tmp_path / "folder")
    folder.write(".git", content)
    folder.write("CODEOWNERS", "* @zoë\n")
    assert git.root_of(folder.root / "a.md") == folder.root
    assert folder.people == ["@zoë"]


def test_another_repository_in_the_environment(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An editor that `git commit` or a hook starts has GIT_DIR set."""
    other = Repository(tmp_path / "other")
    other.git("init", "--quiet")
    other.commit("Berta", "berta@users.noreply.github.com")
    repository.commit("Ada", "ada@users.noreply.github.com")
    monkeypatch.setenv("GIT_DIR", str(other.root / ".git"))
    assert repository.people == ["@ada"]


# --- programs that a repository would have run ----------------------------------------------------------------------


class Trap:
    """A program that leaves a mark where it has run."""

    def __init__(self, folder: Path) -> None:
        self.mark = folder / "it ran"
        self.program = program(folder / "trap", f"touch '{self.mark}'", "exit 1")

    @property
    def sprung(self) -> bool:
        ran = self.mark.exists()
        self.mark.unlink(missing_ok=True)
        return ran


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    return Trap(tmp_path / "trap")


def set_file_monitor(repository: Repository, trap: Trap) -> None:
    repository.git("config", "core.fsmonitor", str(trap.program))


def set_hook(repository: Repository, trap: Trap) -> None:
    hooks = repository.root / ".git" / "own-hooks"
    repository.git("config", "core.hooksPath", str(hooks))
    hooks.mkdir()
    (hooks / "reference-transaction").symlink_to(trap.program)


def set_signature(repository: Repository, trap: Trap) -> None:
    repository.git("config", "log.showSignature", "true")
    repository.git("config", "gpg.program", str(trap.program))
    commit = repository.git("cat-file", "commit", "HEAD").encode()
    signature = b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ==\n -----END PGP SIGNATURE-----\n\n"
    signed = commit.replace(b"\n\n", b"\n" + signature, 1) + b"\n"
    name = repository.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=signed)
    repository.git("update-ref", "HEAD", name)


def set_lazy_fetch(repository: Repository, trap: Trap) -> None:
    """A partial clone whose last commit is not there: git would fetch it by the program the repository names."""
    for key, value in {
        "core.repositoryFormatVersion": "1",
        "core.sshCommand": str(trap.program),
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": "ssh://host.invalid/repository",
    }.items():
        repository.git("config", key, value)
    repository.write(".git/refs/heads/main", "1" * 40 + "\n")


TRAPS: dict[str, tuple[Callable[[Repository, Trap], None], tuple[str, ...]]] = {
    "file monitor": (set_file_monitor, ("status", "--porcelain")),
    "hook": (set_hook, ("update-ref", "refs/heads/other", "HEAD")),
    "signature": (set_signature, ("log", "--max-count=1")),
}


@pytest.mark.parametrize("kind", TRAPS)
def test_git_runs_no_program_of_the_repository(repository: Repository, trap: Trap, kind: str) -> None:
    repository.commit("Ada", "ada@users.noreply.github.com")
    set_trap, arguments = TRAPS[kind]
    set_trap(repository, trap)
    trap.mark.unlink(missing_ok=True)
    git.git(repository.root, *arguments)
    assert not trap.sprung
    assert repository.people == ["@ada"]
    assert not trap.sprung
    subprocess.run(["git", *arguments], cwd=repository.root, capture_output=True, check=False)
    assert trap.sprung, "the trap does not work"


def test_git_fetches_nothing(repository: Repository, trap: Trap) -> None:
    repository.commit("Ada", "ada@users.noreply.github.com")
    set_lazy_fetch(repository, trap)
    assert repository.people == []
    assert not trap.sprung


def test_people_are_found_without_any_program_of_the_repository(repository: Repository, trap: Trap) -> None:
    repository.write("a.md", "words")
    repository.write(".gitattributes", "* diff=x filter=x merge=x\n")
    repository.git("add", ".")
    repository.commit("Ada", "ada@users.noreply.github.com")
    for key in (
        "core.pager",
        "pager.log",
        "core.editor",
        "core.askPass",
        "core.gitProxy",
        "core.sshCommand",
        "core.alternateRefsCommand",
        "diff.external",
        "diff.x.command",
        "diff.x.textconv",
        "filter.x.clean",
        "filter.x.smudge",
        "filter.x.process",
        "merge.x.driver",
        "credential.helper",
        "interactive.diffFilter",
        "trailer.x.command",
    ):
        repository.git("config", key, str(trap.program))
    repository.git("config", "alias.log", f"!'{trap.program}'")
    repository.git("config", "core.fsmonitor", str(trap.program))
    for hook in ("post-checkout", "post-index-change", "reference-transaction", "pre-auto-gc"):
        (repository.root / ".git" / "hooks").mkdir(exist_ok=True)
        (repository.root / ".git" / "hooks" / hook).symlink_to(trap.program)
    assert repository.people == ["@ada"]
    assert not trap.sprung


# --- a git that is missing, hangs or talks nonsense -----------------------------------------------------------------


@pytest.mark.parametrize("missing", ["empty", "a folder without it", "not to be executed", "a folder"])
def test_git_is_missing(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    if missing == "not to be executed":
        (folder / "git").write_text("#!/bin/sh\nexit 0\n")
    elif missing == "a folder":
        (folder / "git").mkdir()
    monkeypatch.setenv("PATH", "" if missing == "empty" else str(folder))
    repository.write("CODEOWNERS", "* @zoë\n")
    assert git.git(repository.root, "log") == ""
    assert repository.people == ["@zoë"]


def test_git_hangs(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    began = tmp_path / "began"
    program(tmp_path / "bin" / "git", f"echo >'{began}'", "exec /bin/sleep 30")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(git, "_SECONDS", 0.5)
    start = time.monotonic()
    assert git.git(repository.root, "log") == ""
    assert time.monotonic() - start < 10
    assert began.exists()


def test_git_answers_with_noise(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = r"printf 'z\377@users.noreply.github.com\n\n\0\nada@users.noreply.github.com'"
    program(tmp_path / "bin" / "git", noise)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert "@ada" in repository.people
    program(tmp_path / "bin" / "git", noise, "exit 3")
    assert repository.people == []


def test_git_reads_no_input_of_ours(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's standard input is the protocol's."""
    program(tmp_path / "bin" / "git", 'read line && echo "read $line" || echo nothing')
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    ours, theirs = os.pipe()
    os.write(theirs, b"Content-Length: 2\n")
    before = os.dup(0)
    os.dup2(ours, 0)
    try:
        assert git.git(repository.root, "log") == "nothing\n"
    finally:
        os.dup2(before, 0)
        for pipe in (before, ours, theirs):
            os.close(pipe)


# --- identifiers ----------------------------------------------------------------------------------------------------


def test_identifiers_of_all_that_git_would_not_ignore(repository: Repository) -> None:
    repository.write("a.md", "| **Spec ID** | `SPEC-001` |\r\n")
    repository.write("docs/specs/b.markdown", "SPEC-0002, then SPEC-003\n")
    repository.write("docs/C.MD", b"\xff\xfe SPEC-004 \x00")
    repository.write("notes.txt", "SPEC-100\n")
    repository.write("drafts/d.md", "SPEC-101\n")
    repository.write("docs/old-one.md", "SPEC-102\n")
    repository.write("docs/old-kept.md", "SPEC-005\n")
    repository.write("node_modules/e/README.md", "SPEC-103\n")
    repository.write(".git/f.md", "SPEC-104\n")
    repository.write(".gitignore", "drafts/\n")
    repository.write("docs/.gitignore", "old-*\n!old-kept.md\n")
    assert index.identifiers(repository.root, "SPEC-") == {"SPEC-001", "SPEC-0002", "SPEC-003", "SPEC-004", "SPEC-005"}


def test_identifiers_are_what_the_prefix_says(repository: Repository) -> None:
    repository.write("a.md", "SPEC-7 SPEC-XXX SPEC-12a SPEC-1234567890 RFC.9 RFC-9 spec-8 SPEC-9٣ SPEC-10.\n")
    assert index.identifiers(repository.root, "SPEC-") == {"SPEC-7", "SPEC-9", "SPEC-10"}
    assert index.identifiers(repository.root, "RFC.") == {"RFC.9"}
    assert index.identifiers(repository.root, "") == frozenset()


def test_an_identifier_begins_where_a_word_begins(repository: Repository) -> None:
    repository.write("a.md", "See BLUESPEC-900.\n")
    assert index.identifiers(repository.root, "SPEC-") == frozenset()


def test_the_head_of_a_file_is_enough(repository: Repository) -> None:
    repository.write("a.md", "SPEC-001\n" + "x" * 10_000_000 + "\nSPEC-002\n")
    assert index.identifiers(repository.root, "SPEC-") == {"SPEC-001"}


def test_links_are_not_followed_in_circles(repository: Repository) -> None:
    repository.write("docs/a.md", "SPEC-001\n")
    (repository.root / "docs" / "up").symlink_to("..")
    (repository.root / "docs" / "self").symlink_to("self")
    (repository.root / "loop.md").symlink_to("loop.md")
    (repository.root / "gone.md").symlink_to("nowhere.md")
    (repository.root / "folder.md").mkdir()
    (repository.root / "folder.md" / "b.md").symlink_to("../docs/a.md")
    assert index.identifiers(repository.root, "SPEC-") == {"SPEC-001"}


def test_links_out_of_the_repository_are_not_read(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.md").write_text("SPEC-666\n")
    (repository.root / "out.md").symlink_to(tmp_path / "elsewhere.md")
    repository.write("docs/a.md", "SPEC-001\n")
    (repository.root / "in.md").symlink_to("docs/a.md")
    assert index.identifiers(repository.root, "SPEC-") == {"SPEC-001"}


@pytest.mark.parametrize("target", ["/dev/zero", "pipe", ".gitignore", "folder"])
def test_a_gitignore_that_is_no_file(repository: Repository, target: str) -> None:
    """One that never ends, one that waits for a writer, one that leads to itself, a folder."""
    repository.write("a.md", "SPEC-001\n")
    os.mkfifo(repository.root / "pipe")
    (repository.root / "folder").mkdir()
    (repository.root / ".gitignore").symlink_to(target)
    (repository.root / "docs").mkdir()
    os.mkfifo(repository.root / "docs" / ".gitignore")
    repository.write("docs/b.md", "SPEC-002\n")
    assert index.identifiers(repository.root, "SPEC-") == {"SPEC-001", "SPEC-002"}


def test_a_folder_that_cannot_be_read_is_told(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.write("docs/a.md", "SPEC-001\n")
    repository.write("b.md", "SPEC-002\n")
    scan = os.scandir

    def refuse(path: Any) -> Any:
        if str(path).endswith("docs"):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    told: list[str] = []
    assert index.identifiers(repository.root, "SPEC-", trouble=told.append) == {"SPEC-002"}
    assert told == [f"{repository.root / 'docs'}: the folder cannot be read: Permission denied"]


def test_folders_that_are_not_there(tmp_path: Path) -> None:
    assert index.identifiers(tmp_path / "nowhere", "SPEC-") == frozenset()
    (tmp_path / "file").write_text("SPEC-001")
    assert index.identifiers(tmp_path / "file", "SPEC-") == frozenset()


def test_a_pipe_is_no_file(repository: Repository) -> None:
    """Reading one waits for somebody to write: the thread that looks for identifiers would wait for ever."""
    repository.write("a.md", "SPEC-001\n")
    pipe = repository.root / "pipe.md"
    os.mkfifo(pipe)
    found: list[frozenset[str]] = []
    thread = threading.Thread(target=lambda: found.append(index.identifiers(repository.root, "SPEC-")), daemon=True)
    thread.start()
    thread.join(1)
    hung = thread.is_alive()
    if hung:
        os.close(os.open(pipe, os.O_WRONLY))
        thread.join(10)
    assert not hung
    assert found == [{"SPEC-001"}]


def test_folders_deeper_than_the_stack(repository: Repository) -> None:
    """A path may have two thousand folders, Python's stack by default a thousand frames; here both are smaller."""
    repository.write("a.md", "SPEC-001\n")
    repository.root.joinpath(*["x"] * 300).mkdir(parents=True)
    found: object = None
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 200)
    with contextlib.suppress(RecursionError):
        found = index.identifiers(repository.root, "SPEC-")
    sys.setrecursionlimit(limit)
    assert found == {"SPEC-001"}


# --- over the wire --------------------------------------------------------------------------------------------------

GIT = "\n".join(
    [
        "#!/bin/sh",
        'case " $* " in *" log "*) for argument; do if [ -p "$argument/gate" ]; then',
        '    read line <"$argument/gate"',
        "    echo ada@users.noreply.github.com",
        "    exit",
        "fi; done;; esac",
        "exec '{git}' \"$@\"",
        "",
    ]
)
"""A git that waits with its log where a repository has a pipe of that name."""


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stdio]:
    """A server for all tests: each has a repository of its own."""
    git = program(tmp_path_factory.mktemp("bin") / "git", "")
    git.write_text(GIT.format(git=shutil.which("git")))
    with Stdio(env={"PATH": f"{git.parent}{os.pathsep}{os.environ['PATH']}", "GIT_CONFIG_GLOBAL": NOWHERE}) as client:
        client.initialize()
        yield client
        assert not [one for one in client.received if one.get("method", "").startswith("window/")]
        assert client.stray == b""


class Editor:
    """A client with documents in a repository."""

    def __init__(self, wire: Stdio, repository: Repository) -> None:
        self.repository = repository
        self.wire = wire

    def uri(self, name: str) -> str:
        return (self.repository.root / name).as_uri()

    def open(self, name: str, text: str) -> None:
        item = {"uri": self.uri(name), "languageId": "markdown", "version": 1, "text": text}
        self.wire.notify("textDocument/didOpen", {"textDocument": item})

    def close(self, name: str) -> None:
        self.wire.notify("textDocument/didClose", {"textDocument": {"uri": self.uri(name)}})

    def change(self, name: str, text: str, version: int) -> None:
        """Sends the whole text anew and waits until the server has taken it."""
        document = {"uri": self.uri(name), "version": version}
        self.wire.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})

        def told(one: Message) -> bool:
            return "diagnostics" in one.get("params", {}) and document.items() <= one["params"].items()

        self.wire.wait_for(told)

    def ask(self, name: str, text: str) -> Any:
        """Asks for completions at the `¦` of the text, which is not sent; the request's id."""
        before = text[: text.index("¦")]
        place = {"line": before.count("\n"), "character": len(before.rpartition("\n")[2])}
        return self.wire.ask("textDocument/completion", {"textDocument": {"uri": self.uri(name)}, "position": place})

    def complete(self, name: str, text: str) -> list[str]:
        """Opens the text without its `¦`, completes there and closes it."""
        self.open(name, text.replace("¦", ""))
        asked = self.ask(name, text)
        found = labels(self.wire.answer(asked))
        self.close(name)
        return found


def labels(answer: Message) -> list[str]:
    assert "result" in answer, answer
    return [item["label"] for item in answer["result"]["items"]]


def with_cursor(old: str, new: str) -> str:
    assert DRAFT.count(old) == 1
    return DRAFT.replace(old, new)


ASKS = with_cursor("People get", "Ask @¦ why people get")


@pytest.fixture
def editor(wire: Stdio, repository: Repository) -> Editor:
    return Editor(wire, repository)


def test_handles_of_the_repository_are_completed(editor: Editor) -> None:
    editor.repository.write(".github/CODEOWNERS", "* @org/platform @zoë\n")
    editor.repository.commit("Ada", "1+ada@users.noreply.github.com")
    editor.repository.commit("Berta", "berta@users.noreply.git.example.org")
    found = editor.complete("docs/specs/quiet.md", ASKS)
    assert set(found) == {"@ines", "@jonas", "@mira", "@org/platform", "@zoë", "@ada", "@berta"}


def test_owners_of_the_file_come_first(editor: Editor) -> None:
    editor.repository.write("CODEOWNERS", "* @org/platform\n*.py @jo\n/docs/ @writer\n")
    editor.repository.write("docs/OWNERS", "reviewers: [reader]\n")
    found = editor.complete("docs/specs/quiet.md", ASKS)
    assert [name for name in found if name not in ("@ines", "@jonas", "@mira")] == [
        "@writer",
        "@reader",
        "@org/platform",
        "@jo",
    ]
    assert editor.complete("quiet.md", ASKS)[3:] == ["@org/platform", "@jo", "@writer"]


def test_handles_in_the_metadata(editor: Editor) -> None:
    editor.repository.write("CODEOWNERS", "* @org/platform @ines\n")
    found = editor.complete("quiet.md", with_cursor("@jonas, @mira", "@jonas, @¦"))
    assert found == ["@org/platform"], "neither the owner nor one who is there already"


def test_the_next_free_identifier(editor: Editor) -> None:
    """It counts files, and open documents that are not saved yet, but nothing that git ignores."""
    editor.repository.write("docs/one.md", DRAFT.replace("SPEC-204", "SPEC-310"))
    editor.repository.write("out/two.md", DRAFT.replace("SPEC-204", "SPEC-999"))
    editor.repository.write(".gitignore", "out/\n")
    assert editor.complete("docs/new.md", with_cursor("`SPEC-204`", "SP¦")) == ["SPEC-311"]
    editor.open("docs/unsaved.md", DRAFT.replace("SPEC-204", "SPEC-412"))
    assert editor.complete("docs/newer.md", with_cursor("`SPEC-204`", "SP¦")) == ["SPEC-413"]
    editor.close("docs/unsaved.md")
    assert editor.complete("docs/newest.md", with_cursor("`SPEC-204`", "SP¦")) == ["SPEC-311"]


def test_outside_a_repository_the_document_speaks_for_itself(wire: Stdio, tmp_path: Path) -> None:
    editor = Editor(wire, Repository(tmp_path / "folder"))
    editor.repository.write("CODEOWNERS", "* @zoë\n")
    assert set(editor.complete("quiet.md", ASKS)) == {"@ines", "@jonas", "@mira"}


def test_what_cannot_be_read_is_told_once(editor: Editor, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("* @secret\n")
    (editor.repository.root / "CODEOWNERS").symlink_to(tmp_path / "elsewhere")
    start = len(editor.wire.received)
    for name in ("quiet.md", "other.md"):
        assert "@secret" not in editor.complete(name, ASKS)
    told = [one for one in editor.wire.received[start:] if one.get("method") == "window/logMessage"]
    assert [one["params"]["message"].count("leads out of the repository") for one in told] == [1]
    for one in told:
        editor.wire.received.remove(one)  # the others expect silence


class Gate:
    """What git waits at in a repository until it is opened."""

    def __init__(self, root: Path) -> None:
        os.mkfifo(root / "gate")
        self._pipe = os.open(root / "gate", os.O_RDWR)

    def open(self) -> None:
        os.write(self._pipe, b"go\n" * 8)  # more than git is ever called for one answer

    def close(self) -> None:
        """Whoever still waits finds nothing."""
        os.close(self._pipe)


@pytest.fixture
def waiting(editor: Editor) -> Iterator[tuple[Editor, Gate]]:
    """A client, with its document open, whose server cannot learn of the repository yet."""
    gate = Gate(editor.repository.root)
    editor.open("quiet.md", ASKS.replace("¦", ""))
    yield editor, gate
    editor.close("quiet.md")
    gate.close()


def is_answered(editor: Editor, msg_id: Any) -> bool:
    return any("method" not in one and one.get("id") == msg_id for one in editor.wire.received)


def test_the_first_request_waits_for_the_repository(waiting: tuple[Editor, Gate]) -> None:
    editor, gate = waiting
    asked = editor.ask("quiet.md", ASKS)
    editor.wire.request("textDocument/documentSymbol", {"textDocument": {"uri": editor.uri("quiet.md")}})
    assert not is_answered(editor, asked), "other requests need not wait"
    gate.open()
    assert "@ada" in labels(editor.wire.answer(asked))


def test_an_edit_while_a_request_waits(waiting: tuple[Editor, Gate]) -> None:
    """The position of the request speaks of a text that is gone: the client has to ask anew."""
    editor, gate = waiting
    asked = editor.ask("quiet.md", ASKS)
    changed = with_cursor("# Quiet Hours", "# Much\n\nquieter Hours")
    editor.change("quiet.md", changed, 2)
    assert not is_answered(editor, asked)
    gate.open()
    assert editor.wire.answer(asked)["error"]["code"] == -32801
    again = with_cursor("| @ines |", "| @¦ |")
    editor.change("quiet.md", again.replace("¦", ""), 3)
    assert "@ada" in labels(editor.wire.answer(editor.ask("quiet.md", again)))


def test_a_document_closed_while_a_request_waits(waiting: tuple[Editor, Gate]) -> None:
    editor, gate = waiting
    asked = editor.ask("quiet.md", ASKS)
    editor.close("quiet.md")
    editor.open("quiet.md", "# Notes\n")
    gate.open()
    assert editor.wire.answer(asked)["error"]["code"] == -32801


def test_a_request_cancelled_while_it_waits(waiting: tuple[Editor, Gate]) -> None:
    editor, gate = waiting
    asked = editor.ask("quiet.md", ASKS)
    editor.wire.notify("$/cancelRequest", {"id": asked})
    assert editor.wire.answer(asked)["error"]["code"] == -32800
    gate.open()


def test_a_repository_that_takes_too_long(waiting: tuple[Editor, Gate]) -> None:
    """After some seconds the answer comes without it; later ones have it."""
    editor, gate = waiting
    assert set(labels(editor.wire.answer(editor.ask("quiet.md", ASKS)))) == {"@ines", "@jonas", "@mira"}
    gate.open()
    assert "@ada" in labels(editor.wire.answer(editor.ask("quiet.md", ASKS)))
