"""Real shells complete commands, options, rules, statuses, templates and Markdown files."""

from __future__ import annotations

import json
import os
import pty
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command import spec_ls

ROOT = Path(__file__).parents[1]
SHELLS = [
    pytest.param(name, marks=pytest.mark.skipif(shutil.which(name) is None, reason=f"{name} is not installed"))
    for name in ("bash", "zsh", "fish")
]
CONFIG = '[templates.note]\npath = "templates/note.md"\nfiles = ["notes/*.md"]\n'
NOTE = "# [Title]\n\n- Status: Open / In Work / Closed\n- Owner: @user\n\n## Question\n"
SHIM = """\
#!/bin/sh
if [ -n "$_SPEC_LS_COMPLETE" ]; then exec "{python}" -m spec_ls; fi
exec "{python}" -c 'import json, sys; print("GOT" + json.dumps(sys.argv[1:]) + "END")' "$@"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A team's folder, and beside it a `spec-ls` that completes, and otherwise prints the arguments it was given."""
    made = tmp_path / "work"
    for name, text in {
        ".spec-ls.toml": CONFIG,
        "templates/note.md": NOTE,
        "notes/my first.md": NOTE,
        "notes/other.txt": "",
        "zeta.markdown": NOTE,
        "zeta.txt": "",
    }.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(text, "utf-8")
    shim = tmp_path / "bin" / "spec-ls"
    shim.parent.mkdir()
    shim.write_text(SHIM.format(python=sys.executable), "utf-8")
    shim.chmod(0o755)
    for shell in ("bash", "zsh", "fish"):
        script = spec_ls("completion", shell, folder=made)
        assert script.returncode == 0
        (tmp_path / f"script.{shell}").write_bytes(script.stdout)
    return made


def environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": f"{folder.parent / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "HOME": str(folder.parent),
        "TERM": "dumb",
        "LC_ALL": "C.UTF-8",
        "SPEC_LS_CACHE": "off",
    }


def received(shell: str, folder: Path, typed: str) -> list[str]:
    """The arguments that the command gets when somebody types that in the shell; a tab is the tabulator."""
    script = folder.parent / f"script.{shell}"
    begin = {"bash": ["--norc", "--noprofile", "-i"], "zsh": ["-f", "-i"]}[shell]
    load = {
        "bash": f"bind 'set bell-style none'; source {script}",
        "zsh": f"autoload -Uz compinit && compinit -D -u; source {script}",
    }[shell]
    ours, theirs = pty.openpty()
    given = environment(folder)
    with subprocess.Popen(
        [shell, *begin], stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, env=given, start_new_session=True
    ) as process:
        os.close(theirs)
        try:
            os.write(ours, f"PS1=; {load}; printf 'REA''DY\\n'\n".encode())
            until(ours, "READY")
            os.write(ours, f"{typed}\n".encode())
            told = until(ours, "END")
        finally:
            process.kill()
            os.close(ours)
    arguments: list[str] = json.loads(told.rpartition("GOT")[2].partition("END")[0].replace("\r", "").replace("\n", ""))
    return arguments


def until(stream: int, word: str) -> str:
    """What a terminal shows up to a word. A shell that ends or hangs fails the test."""
    told = ""
    while word not in told.partition("GOT")[2] if word == "END" else f"{word}\r\n" not in told:
        assert select.select([stream], [], [], 30)[0], f"the shell says no more than {told!r}"
        told += os.read(stream, 65536).decode(errors="replace")
    return told


TYPED = [
    ("spec-ls chec\t.", ["check", "."]),
    ("spec-ls check --fail\tnev\t.", ["check", "--fail-on", "never", "."]),
    ("spec-ls fix --select missing-it\t.", ["fix", "--select", "missing-item", "."]),
    ("spec-ls fix --select empty-field,missing-it\t.", ["fix", "--select", "empty-field,missing-item", "."]),
    ("spec-ls check --status=clo\t.", ["check", "--status=Closed", "."]),
    ("spec-ls check --status in\t.", ["check", "--status", "In Work", "."]),
    ('spec-ls check --status "in\t.', ["check", "--status", "In Work", "."]),
    (
        "spec-ls check --template product-s\t--status kil\t.",
        ["check", "--template", "product-spec", "--status", "Kill", "."],
    ),
    ("spec-ls fmt --template=templates/n\t.", ["fmt", "--template=templates/note.md", "."]),
    ("spec-ls check --template adr --status supers\t.", ["check", "--template", "adr", "--status", "Superseded", "."]),
    ("spec-ls new ad\t--title x", ["new", "adr", "--title", "x"]),
    ("spec-ls rule missing-it\t", ["rule", "missing-item"]),
    ("spec-ls check notes/my\t", ["check", "notes/my first.md"]),
    ("spec-ls check zet\t", ["check", "zeta.markdown"]),
    ("spec-ls board note\t/", ["board", "notes/"]),
    ("spec-ls template show templ\tnot\t", ["template", "show", "templates/note.md"]),
]


@pytest.mark.parametrize("shell", SHELLS[:2])
@pytest.mark.parametrize(("typed", "arguments"), TYPED, ids=lambda one: str(one).strip())
def test_what_is_typed_with_a_tabulator_is_completed(
    shell: str, folder: Path, typed: str, arguments: list[str]
) -> None:
    got = received(shell, folder, typed)
    assert [one.replace("//", "/") for one in got] == arguments


@pytest.mark.parametrize("shell", SHELLS[2:])
@pytest.mark.parametrize(
    ("typed", "proposed"),
    [
        ("spec-ls chec", ["check"]),
        ("spec-ls check --status ", ["Closed", "In Work", "Open"]),
        ("spec-ls check --status=clo", ["--status=Closed"]),
        ("spec-ls check --select missing-it", ["missing-item"]),
        ("spec-ls check --select empty-field,missing-it", ["empty-field,missing-item"]),
        ("spec-ls new ad", ["adr"]),
        ("spec-ls check notes/", ["notes/my first.md"]),
        ("spec-ls check zet", ["zeta.markdown"]),
        ("spec-ls board n", ["notes/"]),
    ],
)
def test_fish_proposes(shell: str, folder: Path, typed: str, proposed: list[str]) -> None:
    ask = f"source {folder.parent / 'script.fish'}; complete -C {json.dumps(typed)}"
    done = subprocess.run([shell, "-N", "-c", ask], cwd=folder, env=environment(folder), capture_output=True, text=True)
    assert sorted(line.partition("\t")[0] for line in done.stdout.splitlines()) == proposed, done.stderr
