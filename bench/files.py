"""How long `spec-ls check` takes over a folder of many specs, beside linters for Markdown on the same files.

python bench/files.py              5,000 and 100,000 specs, some fifteen minutes
python bench/files.py --quick      5,000 specs
python bench/files.py --write      the same, and docs/benchmark-files.md is written
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from specgen import make_spec

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "benchmark-files.md"
_LINES = 80
_FEW, _SPECS, _MANY = 500, 5_000, 100_000
_OURS = [sys.executable, "-m", "spec_ls", "check", "--format", "concise", "--fail-on", "never"]


class Taken(NamedTuple):
    """One run: seconds, and the most memory (MB) that the process and its children took together."""

    seconds: float
    memory: float


def timed(command: list[str], folder: Path, environment: dict[str, str]) -> Taken:
    """Runs a command in a folder, its output read and thrown away."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, **environment}
    )
    assert process.stdout
    most, over = [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(0.2):
            most[0] = max(most[0], memory_of(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    while process.stdout.read(1_000_000):
        pass
    code = process.wait()
    seconds = time.perf_counter() - begun
    over.set()
    watcher.join()
    if code > 1:
        raise SystemExit(f"{' '.join(command)} ended with {code}")
    return Taken(seconds, most[0])


def memory_of(pid: int) -> float:
    """The proportional set size (MB) of a process and its children; 0 where the system does not say."""
    total = 0.0
    for one in (pid, *children_of(pid)):
        try:
            words = Path(f"/proc/{one}/smaps_rollup").read_text(encoding="ascii").split()
            total += int(words[words.index("Pss:") + 1]) / 1024
        except (OSError, ValueError):
            continue
    return total


def children_of(pid: int) -> list[int]:
    """The processes that a process has started."""
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    except OSError:
        return []


def written(folder: Path, specs: int) -> None:
    """Writes so many specs, a hundred a folder."""
    for number in range(specs):
        path = folder / f"{number // 10_000:02}" / f"{number // 100 % 100:02}" / f"spec-{number:06}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(make_spec(_LINES, number), encoding="utf-8")


def program(name: str) -> str | None:
    """A program to compare with; None where it is not installed."""
    own = ROOT / ".bench" / "bin" / name
    return str(own) if own.exists() else shutil.which(name)


def committed(folder: Path) -> None:
    """Makes a folder a repository with one commit of all that is in it."""
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    for arguments in (("init", "--quiet"), ("add", "--all"), (*who, "commit", "--quiet", "--message", "Specs")):
        subprocess.run(["git", *arguments], cwd=folder, check=True)


def measured(sizes: Sequence[int], root: Path) -> list[tuple[str, int, Taken]]:
    """Every tool's runs over so many specs; ours also in a repository and, for a few specs, in one process."""
    found: list[tuple[str, int, Taken]] = []
    rumdl, mdsmith = program("rumdl"), program("mdsmith")

    def run(name: str, count: int, command: list[str], folder: Path, **environment: str) -> None:
        print(f"… {name}, {count:,} specs", file=sys.stderr, flush=True)
        found.append((name, count, timed(command, folder, environment)))

    def both(name: str, count: int, command: list[str], folder: Path, cache: Path) -> None:
        for state in ("cold", "warm"):
            run(f"{name}, {state} cache", count, command, folder, SPEC_LS_CACHE=str(cache))

    for count in sizes:
        home = root / f"{count}"
        folder = home / "specs"
        written(folder, count)
        both("spec-ls check", count, [*_OURS, "."], folder, home / "cache")
        if rumdl:
            both("rumdl check", count, [rumdl, "check", "--cache-dir", str(home / "rumdl"), "."], folder, home)
        if mdsmith:
            run("mdsmith check", count, [mdsmith, "check", "."], folder)
        if count == sizes[0]:
            committed(folder)
            both("spec-ls check, in a git repository", count, [*_OURS, "."], folder, home / "cache of git")
        shutil.rmtree(home)
    written(root / "few", _FEW)
    run("spec-ls check, one process, no cache", _FEW, [*_OURS, "--jobs", "1", "--no-cache", "."], root / "few")
    return found


def page(found: list[tuple[str, int, Taken]], quick: bool) -> str:
    """The page of one run, without a date."""
    rows = [
        f"| {name} | {count:,} | {taken.seconds:,.1f} | {1000 * taken.seconds / count:.2f} | {taken.memory:,.0f} |"
        for name, count, taken in found
    ]
    words = (
        f"One run of `make bench-files{' QUICK=1' if quick else ''}` on {os.cpu_count()} shared cores with Python "
        f"{platform.python_version()}: one command over a folder of generated specs of some {_LINES} lines, from its "
        "start to its end, with all that it prints read. Memory is that of all its processes together at the highest "
        "(proportional set size). `rumdl` (Rust) and `mdsmith` (Go) are linters for Markdown; they look for other "
        "things than spec-ls, on the same files."
    )
    head = ["| | specs | seconds | ms a spec | MB |", "| :--- | ---: | ---: | ---: | ---: |"]
    return "\n".join(["# Benchmark: many files", "", words, "", *head, *rows]) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="5,000 specs")
    parser.add_argument("--write", action="store_true", help="write docs/benchmark-files.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="spec-ls-bench-") as folder:
        found = measured([_SPECS] if options.quick else [_SPECS, _MANY], Path(folder))
    told = page(found, options.quick)
    print(told)
    if options.write:
        PAGE.write_text(told, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
