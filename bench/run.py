"""Measures spec-ls against `rumdl server`, both in one run by turns, and says what reaches its mark.

    make bench              some ten minutes
    make bench QUICK=1      about two minutes
    python bench/run.py --write        the same, and docs/benchmark.md is written

rumdl is a linter and language server for Markdown written in Rust, the fastest we know of. The environment variable
RUMDL names its program; without it, the one of `make bench` or of the search path is taken. What compares with it is
left out where there is none. `bare.py` is a pygls server that does nothing: what starting Python and pygls costs.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Literal, NamedTuple
from urllib.parse import unquote

from lsp_bench import Dead, Doc, Server, percentile
from specgen import make_spec

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "benchmark.md"
OURS = "spec-ls"
RUMDL = "rumdl"
BARE = "bare"
BURST = 50
_FIRST_SECONDS = 1.5


@dataclass(frozen=True)
class Effort:
    """How much is measured. `budget`: seconds for one kind of operation at one size, then it ends for all servers."""

    keystrokes: int = 300
    fences: int = 10
    bursts: int = 5
    opens: int = 7
    requests: int = 100
    starts: int = 15
    budget: float = 25.0
    documents: int = 200
    mixed: int = 5_000
    edits: int = 50_000
    specs: int = 10_000


QUICK = Effort(60, 6, 2, 4, 40, 6, 6.0, 200, 2_000, 10_000, 2_000)


@dataclass
class Samples:
    """What was measured: seconds by operation, size and server; megabytes and counts by name."""

    seconds: dict[tuple[str, int, str], list[float]] = field(default_factory=dict)
    numbers: dict[str, float] = field(default_factory=dict)

    def add(self, operation: str, size: int, server: str, seconds: float) -> None:
        self.seconds.setdefault((operation, size, server), []).append(seconds)

    def at(self, operation: str, size: int, server: str, percent: float | None = None) -> float | None:
        """The median in seconds, or a percentile; None where nothing was measured."""
        samples = self.seconds.get((operation, size, server))
        if not samples:
            return None
        return median(samples) if percent is None else percentile(samples, percent)


# --- measuring --------------------------------------------------------------------------------

Operation = Callable[[Server, Doc], Iterable[tuple[str, float]]]
Live = dict[str, tuple[Server, Doc]]


class Bench:
    """Runs the parts, one after the other."""

    def __init__(self, commands: dict[str, list[str]], effort: Effort, root: Path) -> None:
        self.commands = commands
        self.effort = effort
        self.root = root
        self.samples = Samples()
        self.ends = ExitStack()

    def start(self, name: str) -> Server:
        server = Server(name, self.commands[name], self.root)
        self.ends.callback(server.stop)
        server.initialize()
        return server

    def turns(self, live: Live, size: int, times: int, operation: Operation) -> None:
        """`times` rounds of an operation, one server after the other, while no server has used up the budget."""
        spent = dict.fromkeys(live, 0.0)
        for _ in range(times):
            if max(spent.values()) > self.effort.budget:
                return
            for name, (server, doc) in live.items():
                began = time.perf_counter()
                for label, seconds in operation(server, doc):
                    self.samples.add(label, size, name, seconds)
                spent[name] += time.perf_counter() - began
                time.sleep(0.002)

    def starts(self) -> None:
        """From the start of a process to the first diagnostics of a spec of 100 lines; `bare` gives no diagnostics."""
        text = make_spec(100, 3)
        for turn in range(self.effort.starts + 1):
            for name in self.commands:
                server = Server(name, self.commands[name], self.root)
                try:
                    seconds = server.initialize()
                    if name != BARE:
                        doc = Doc(self.root / "start.md", text)
                        server.queue_open(doc)
                        sent = time.perf_counter() - server.started
                        ready = sent + server.settle(doc, 0.05)
                        if turn:
                            self.samples.add("first diagnostics", 100, name, ready)
                    if turn:  # the first round warms the disk cache
                        self.samples.add("initialize", 0, name, seconds)
                finally:
                    server.stop()

    def document(self, size: int) -> None:
        """Everything at one size of document."""
        effort, text = self.effort, make_spec(size, 7)
        with ExitStack() as self.ends:
            live: Live = {}
            for name in (OURS, RUMDL):
                if name in self.commands:
                    live[name] = self.start(name), Doc(self.root / f"{name}-{size}.md", text)
            for server, doc in live.values():
                server.quiet(0.2)
                server.queue_open(doc)
                server.settle(doc, 0.3)
            # An author types and asks for minutes: what a server does once, just after its start, is in `starts`.
            time.sleep(_FIRST_SECONDS)
            if size >= 10_000:  # first: a random keystroke may open another fence, and then this one changes nothing
                self.turns(
                    live, size, effort.fences, lambda server, doc: [("fence", _change(server, doc, doc.fence()))]
                )
            self.turns(live, size, 10, lambda server, doc: [("warm-up", _keystroke(server, doc))])
            if size <= 10_000:
                self.turns(live, size, 3, lambda server, doc: [("warm-up", t) for _, t in self._requests(server, doc)])
            self.turns(live, size, effort.keystrokes, lambda server, doc: [("keystroke", _keystroke(server, doc))])
            for name, (server, _) in live.items():
                self.samples.numbers[f"memory {size} {name}"] = server.memory()
            if size <= 10_000:
                self.turns(live, size, effort.requests, self._requests)
                self.turns(live, size, effort.opens, self._opener(size))
            if size in (100, 10_000):
                self.turns(live, size, effort.bursts, self._burst)
            for name, (server, _) in live.items():
                self.samples.numbers[f"highest {size} {name}"] = server.memory("VmHWM")

    def _requests(self, server: Server, doc: Doc) -> Iterator[tuple[str, float]]:
        _keystroke(server, doc)
        here, position = {"uri": doc.uri}, doc.position()
        found = server.diagnostics.get(unquote(doc.uri)) or []
        chosen = [doc.random.choice(found)] if found else []
        place = chosen[0]["range"] if chosen else {"start": position, "end": position}
        asked: list[tuple[str, dict[str, Any]]] = [
            ("completion", {"position": position}),
            ("hover", {"position": position}),
            ("documentSymbol", {}),
            ("codeAction", {"range": place, "context": {"diagnostics": chosen}}),
        ]
        for name, params in asked:
            seconds, answer = server.request(f"textDocument/{name}", {"textDocument": here, **params})
            if "error" not in answer:
                yield name, seconds
        server.queue_change(doc, doc.keystroke())
        yield (
            "edit + completion",
            server.request("textDocument/completion", {"textDocument": here, "position": doc.position()})[0],
        )
        server.quiet(0.03)

    def _opener(self, size: int) -> Operation:
        """Every time another document: what a server remembers of one that was closed is not measured."""
        seeds = {name: iter(range(100, 1000)) for name in self.commands}

        def operation(server: Server, _: Doc) -> Iterator[tuple[str, float]]:
            seed = next(seeds[server.name])
            doc = Doc(self.root / f"{server.name}-open-{seed}.md", make_spec(size, seed))
            server.queue_open(doc)
            yield "open", server.settle(doc, 0.2)
            server.close(doc)
            server.quiet(0.03)

        return operation

    def _burst(self, server: Server, doc: Doc) -> Iterator[tuple[str, float]]:
        server.quiet(0.3)  # until what other specs say of the burst before has been told
        for _ in range(BURST):
            server.queue_change(doc, doc.keystroke())
        before = server.published
        yield "burst", server.settle(doc, 0.2)
        name = f"publishes {server.name}"
        self.samples.numbers[name] = max(self.samples.numbers.get(name, 0), server.published - before)

    def load(self) -> None:
        """Many documents open at once, requests and edits among them; then many edits of one of them; then none."""
        effort, samples, pick = self.effort, self.samples, random.Random(5)
        with ExitStack() as self.ends:
            server = self.start(OURS)
            warm = Doc(self.root / "load-warm.md", make_spec(100, 1))
            server.queue_open(warm)
            server.settle(warm, 0.05)
            for seconds in (step[1] for _ in range(20) for step in self._requests(server, warm)):
                samples.add("warm-up", 0, OURS, seconds)
            server.close(warm)
            server.quiet(1.0)
            samples.numbers["load: before"] = server.memory()
            docs = [Doc(self.root / f"load-{at}.md", make_spec(100, at)) for at in range(effort.documents)]
            self._open_all(server, docs)
            samples.numbers["load: open"] = server.memory()
            for turn in range(effort.mixed):
                doc = pick.choice(docs)
                if turn % 2:
                    samples.add("keystroke", effort.documents, OURS, _keystroke(server, doc, 0.0))
                else:
                    place = {"textDocument": {"uri": doc.uri}, "position": doc.position()}
                    name = pick.choice(["completion", "hover"])
                    samples.add("request", effort.documents, OURS, server.request(f"textDocument/{name}", place)[0])
            doc = docs[0]
            for _ in range(effort.edits // BURST):
                for _ in range(BURST):
                    server.queue_change(doc, doc.keystroke())
                samples.add("burst of the load", effort.edits, OURS, server.settle(doc, 0.0))
            samples.numbers["load: edited"] = server.memory()
            self._close_all(server, docs)
            samples.numbers["load: closed"] = server.memory()
            self._open_all(server, docs)
            self._close_all(server, docs)
            samples.numbers["load: closed once more"] = server.memory()

    def _open_all(self, server: Server, docs: list[Doc]) -> None:
        for doc in docs:
            server.queue_open(doc)
        server.settle(docs[-1], 0.5)

    def _close_all(self, server: Server, docs: list[Doc]) -> None:
        for doc in docs:
            server.close(doc)
        server.quiet(2.0)

    def workspace(self) -> None:
        """A workspace of many specs: the first start, which reads them all, and the second, which knows them."""
        root, effort = self.root / "workspace", self.effort
        for number in range(effort.specs):
            file = root / "specs" / f"{number // 100:03d}" / f"spec-{number:05d}.md"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(make_spec(100, number), encoding="utf-8")
        for arguments in (("init", "--quiet"), ("add", ".")):
            subprocess.run(["git", *arguments], cwd=root, check=True)
        time.sleep(2.5)  # what has just been written may change once more without anybody seeing it
        for start in ("cold", "warm"):
            with ExitStack() as self.ends:
                self._workspace(root, start)
        database = next((self.root / "cache").glob("*.sqlite3"), None)
        self.samples.numbers["file in the cache folder"] = database.stat().st_size / 1e6 if database else 0.0

    def _workspace(self, root: Path, start: str) -> None:
        samples, specs = self.samples, self.effort.specs
        query = {"query": f"SPEC-{specs - 1}"}
        env = {**os.environ, "SPEC_LS_CACHE": str(self.root / "cache")}
        server = Server(OURS, self.commands[OURS], root, 600.0, env)
        self.ends.callback(server.stop)
        server.initialize()
        doc = Doc(root / "specs" / "open.md", make_spec(100, specs))
        server.queue_open(doc)
        server.settle(doc, 0.05)
        if start == "cold":
            _scan(server, doc, samples, specs)
        else:
            while not server.request("workspace/symbol", query)[1].get("result"):
                pass
        ready = server.ended[_JOB] if start == "cold" else time.perf_counter()
        samples.add(f"all specs known, {start} start", specs, OURS, ready - server.started)
        samples.numbers[f"server, {start} start"] = server.memory()
        samples.numbers[f"its reader of closed specs, {start} start"] = server.memory_of_children()
        for _ in range(self.effort.requests):
            samples.add("workspace symbol", specs, OURS, server.request("workspace/symbol", query)[0])
            samples.add("keystroke, specs known", specs, OURS, _change(server, doc, doc.letter(_TYPED), 0.0))


_JOB = "Reading specs"
_TYPED = "### API Changes"


def _scan(server: Server, doc: Doc, samples: Samples, specs: int) -> None:
    """Types, as an author does ten times a second, until all specs are known."""
    deadline = time.perf_counter() + server.timeout
    while _JOB not in server.ended:
        if time.perf_counter() > deadline:
            raise Dead(f"{server.name}: not all specs are known after {server.timeout:g} s")
        samples.add("keystroke, specs being read", specs, OURS, _change(server, doc, doc.letter(_TYPED), 0.0))
        server.quiet(0.1)


def _keystroke(server: Server, doc: Doc, watch: float = 0.03) -> float:
    return _change(server, doc, doc.keystroke(), watch)


def _change(server: Server, doc: Doc, change: dict[str, Any], watch: float = 0.03) -> float:
    server.queue_change(doc, change)
    return server.settle(doc, watch)


# --- judging ----------------------------------------------------------------------------------


class Row(NamedTuple):
    """A mark: what was measured (None: nothing), in which words, and the least or the most that it may be."""

    name: str
    value: float | None
    bound: float
    kind: Literal["at least", "at most"]
    unit: str = "x"

    @property
    def verdict(self) -> str:
        if self.value is None:
            return "-"
        reached = self.value >= self.bound if self.kind == "at least" else self.value <= self.bound
        return "pass" if reached else "short"

    @property
    def cells(self) -> list[str]:
        measured = "-" if self.value is None else _number(self.value) + self.unit
        return [self.name, f"{self.kind} {self.bound:g}{self.unit}", measured, self.verdict]


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def rows(samples: Samples) -> list[Row]:
    """Every mark, in the order of the page."""

    def ratio(above: float | None, below: float | None) -> float | None:
        return above / below if above is not None and below else None

    def faster(operation: str, size: int) -> float | None:
        return ratio(samples.at(operation, size, RUMDL), samples.at(operation, size, OURS))

    def share(operation: str, size: int, percent: float | None = None) -> float | None:
        ours, rumdl = (samples.at(operation, size, name, percent) for name in (OURS, RUMDL))
        return ratio(ours, rumdl)

    def memory(name: str) -> float | None:
        return samples.numbers.get(f"memory {name}") or None

    found: list[Row] = []
    for size, bound in ((100, 2), (1_000, 8), (10_000, 60), (50_000, 250)):
        found.append(
            Row(
                f"keystroke to diagnostics, {size:,} lines: faster than rumdl",
                faster("keystroke", size),
                bound,
                "at least",
            )
        )
    flat = ratio(samples.at("keystroke", 50_000, OURS), samples.at("keystroke", 100, OURS))
    found.append(Row("keystroke at 50,000 lines over keystroke at 100", flat, 2, "at most"))
    for size, most in ((100, 0.5), (10_000, 0.05)):
        found.append(
            Row(f"keystroke p99, {size:,} lines: share of rumdl's p99", share("keystroke", size, 99), most, "at most")
        )
    for size in (10_000, 50_000):
        found.append(
            Row(
                f"code fence opened or closed in the first third, {size:,} lines: faster",
                faster("fence", size),
                4,
                "at least",
            )
        )
    for size, bound in ((100, 20), (10_000, 300)):
        found.append(
            Row(f"{BURST} keystrokes in one burst, {size:,} lines: faster", faster("burst", size), bound, "at least")
        )
    published = samples.numbers.get(f"publishes {OURS}")
    found.append(Row("publishes for a burst", published, 1, "at most", ""))
    for size, most in ((100, 1), (1_000, 1), (10_000, 3)):
        found.append(Row(f"open, {size:,} lines: share of rumdl's time", share("open", size), most, "at most"))
    both = faster("edit + completion", 10_000)
    found.append(Row("edit and completion in one write, 10,000 lines: faster", both, 50, "at least"))
    for name, label in (("completion", "completion"), ("hover", "hover"), ("codeAction", "code action")):
        for size in (100, 1_000):
            found.append(Row(f"{label}, {size:,} lines: share of rumdl's time", share(name, size), 1, "at most"))
            found.append(Row(f"{label} p99, {size:,} lines: share of rumdl's p99", share(name, size, 99), 1, "at most"))
    symbols = share("documentSymbol", 10_000)
    found.append(Row("document symbols, 10,000 lines: share of rumdl's time", symbols, 0.3, "at most"))
    start = ratio(samples.at("first diagnostics", 100, OURS), samples.at("initialize", 0, BARE))
    found.append(Row("start to first diagnostics, over a bare pygls server's answer", start, 1.15, "at most"))
    size_share = ratio(memory(f"10000 {OURS}"), memory(f"10000 {RUMDL}"))
    found.append(Row("memory with a document of 10,000 lines: share of rumdl's", size_share, 0.6, "at most"))
    return found + load_rows(samples)


def load_rows(samples: Samples) -> list[Row]:
    """The marks under load; a heavy job must not delay a keystroke by more than 50 ms."""

    def milliseconds(operation: str, size: int) -> float | None:
        seconds = samples.at(operation, size, OURS, 99)
        return None if seconds is None else seconds * 1e3

    found: list[Row] = []
    for operation, size, bound in (("keystroke", 200, 50), ("request", 200, 50)):
        name = f"{operation} p99 among {size} open documents"
        found.append(Row(name, milliseconds(operation, size), bound, "at most", " ms"))
    for operation, size, _ in samples.seconds:
        if operation == "burst of the load":
            name = f"burst of {BURST} edits p99, {size:,} edits of one document"
            found.append(Row(name, milliseconds(operation, size), 100, "at most", " ms"))
    before, closed = samples.numbers.get("load: before"), samples.numbers.get("load: closed")
    grown = closed / before if before and closed else None
    found.append(Row("memory after all are closed, over memory before", grown, 1.25, "at most"))
    again = samples.numbers.get("load: closed once more")
    grown = again / closed if again and closed else None
    found.append(
        Row("the same after all were opened and closed once more, over the first time", grown, 1.05, "at most")
    )
    return found


def workspace_rows(samples: Samples) -> list[Row]:
    """The marks in a workspace of many specs."""
    found = []
    for (operation, specs, _), seconds in samples.seconds.items():
        if operation.startswith("keystroke, specs"):
            name = f"keystroke p99, {specs:,} {operation.removeprefix('keystroke, ')}"
            found.append(Row(name, percentile(seconds, 99) * 1e3, 50, "at most", " ms"))
        elif operation == "all specs known, warm start":
            found.append(Row(f"second start until {specs:,} specs are known", seconds[0], 5, "at most", " s"))
    return found


# --- telling ----------------------------------------------------------------------------------


def table(head: list[str], body: list[list[str]]) -> str:
    """A Markdown table whose columns are aligned; numbers to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(head, *body, strict=True)]

    def line(cells: list[str]) -> str:
        padded = [c.ljust(w) if at == 0 else c.rjust(w) for at, (c, w) in enumerate(zip(cells, widths, strict=True))]
        return "| " + " | ".join(padded) + " |"

    rule = "|" + "|".join("-" * (width + 1) + (":" if at else "-") for at, width in enumerate(widths)) + "|"
    return "\n".join([line(head), rule, *map(line, body)])


_OF_WORKSPACE = ("all specs known", "keystroke, specs", "workspace symbol")
_IN_WORKSPACE = ("server, ", "its reader", "file in")


def medians(samples: Samples, of_workspace: bool) -> str:
    """What was measured, in milliseconds: median and p99; in the workspace of many specs or elsewhere."""
    keys = dict.fromkeys(
        (operation, size)
        for operation, size, _ in samples.seconds
        if operation != "warm-up" and operation.startswith(_OF_WORKSPACE) == of_workspace
    )
    names = [name for name in (OURS, RUMDL, BARE) if any((*key, name) in samples.seconds for key in keys)]

    def cell(operation: str, size: int, name: str) -> str:
        middle, late = samples.at(operation, size, name), samples.at(operation, size, name, 99)
        if middle is None or late is None:
            return "-"
        one = len(samples.seconds[operation, size, name]) == 1
        return _number(middle * 1e3) if one else f"{_number(middle * 1e3)} / {_number(late * 1e3)}"

    body = [[what, f"{size:,}" if size else "", *(cell(what, size, name) for name in names)] for what, size in keys]
    return table(["ms, median / p99", "size", *names], body)


def numbers(samples: Samples, of_workspace: bool) -> str:
    """Megabytes and counts."""
    found = [one for one in samples.numbers.items() if one[0].startswith(_IN_WORKSPACE) == of_workspace]
    return table(["MB" if of_workspace else "MB or count", ""], [[name, _number(value)] for name, value in found])


def judgement(judged: list[Row]) -> str:
    return table(["", "must be", "measured", ""], [row.cells for row in judged])


def page(samples: Samples, quick: bool) -> str:
    """The page of one run, without a date: what was measured, on what, and the command."""
    version = platform.python_version()
    parts = [
        "# Benchmark",
        f"One run of `make bench{' QUICK=1' if quick else ''}` on two shared cores with Python {version}: spec-ls and "
        "`rumdl server` (a linter and language server for Markdown, written in Rust) by turns, on the same generated "
        "specs with the same edits. What is measured is what the author feels: from the first byte written to the "
        "last one read, through the real server with every rule at work. Each server has one and a half seconds, "
        "ten keystrokes and three requests of each kind before it is measured: what it does once after a start "
        "belongs to the start.",
        judgement(rows(samples)),
        "Sizes are lines; for the load they are open documents and edits. The whole of what was measured:",
        medians(samples, False),
        "Memory is the resident set: `memory` with one document of so many lines that has been edited, `highest` at "
        "any time of the measurements with it, and what it was in the course of the load.",
        numbers(samples, False),
    ]
    return "\n\n".join(parts) + "\n"


_WORKSPACE = "## A workspace of many specs"


def workspace_page(samples: Samples) -> str:
    """The part of the page about a workspace of many specs."""
    parts = [
        _WORKSPACE,
        "A repository of specs of 100 lines each, one of which is open. The first start (cold) reads all of them, in a "
        "process of its own that gives way to all others, while the author types ten letters a second; the second "
        "(warm) finds them in the user's cache folder. All specs are known when the server says that it has read them "
        "or, at the warm start, when the first answer to `workspace/symbol` has come: from the start of the process.",
        judgement(workspace_rows(samples)),
        medians(samples, True),
        numbers(samples, True),
    ]
    return "\n\n".join(parts) + "\n"


def write(samples: Samples, parts: list[str], quick: bool) -> None:
    """Writes what was measured to the page: the part about the workspace, or all else, or both."""
    first, _, second = PAGE.read_text(encoding="utf-8").partition(f"\n{_WORKSPACE}")
    if parts != ["workspace"]:
        first = page(samples, quick)
    second = f"\n{workspace_page(samples)}" if "workspace" in parts else f"\n{_WORKSPACE}{second}" if second else ""
    PAGE.write_text(first + second, encoding="utf-8")


# --- the command ------------------------------------------------------------------------------


def find_rumdl() -> str | None:
    """The program to compare with; None where there is none."""
    named = os.environ.get("RUMDL")
    if named:
        return shutil.which(named)
    own = ROOT / ".bench" / "bin" / "rumdl"
    return str(own) if own.exists() else shutil.which("rumdl")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds: about two minutes")
    parser.add_argument("--write", action="store_true", help="write docs/benchmark.md")
    parser.add_argument("--only", default="starts,documents,load,workspace", help="parts to run, commas between")
    parser.add_argument("--sizes", default="100,1000,10000,50000", help="lines, commas between")
    parser.add_argument("--json", type=Path, help="where to write every sample")
    options = parser.parse_args()
    parts = options.only.split(",")
    os.environ.setdefault("SPEC_LS_CACHE", "off")  # a run finds nothing that another has left
    commands = {OURS: [sys.executable, "-m", "spec_ls"]}
    rumdl = find_rumdl()
    if rumdl:
        commands[RUMDL] = [rumdl, "server"]
    else:
        print("rumdl is not installed (RUMDL may name it): what compares with it is left out\n")
    commands[BARE] = [sys.executable, str(Path(__file__).with_name("bare.py"))]
    with tempfile.TemporaryDirectory(prefix="spec-ls-bench-") as folder:
        bench = Bench(commands, QUICK if options.quick else Effort(), Path(folder))
        try:
            run(bench, parts, [int(size) for size in options.sizes.split(",")])
        except Dead as error:
            print(f"given up: {error}", file=sys.stderr)
    samples = bench.samples
    if parts != ["workspace"]:
        print(judgement(rows(samples)), medians(samples, False), numbers(samples, False), sep="\n\n", end="\n\n")
    if "workspace" in parts:
        print(judgement(workspace_rows(samples)), medians(samples, True), numbers(samples, True), sep="\n\n")
    if options.write:
        write(samples, parts, options.quick)
    if options.json:
        kept = {f"{what}|{size}|{name}": seconds for (what, size, name), seconds in samples.seconds.items()}
        options.json.write_text(json.dumps({"seconds": kept, "numbers": samples.numbers}), encoding="utf-8")
    return 0


def run(bench: Bench, parts: list[str], sizes: list[int]) -> None:
    """The parts asked for. Raises Dead if a server ends or falls silent; what was measured until then stays."""
    if "starts" in parts:
        _tell("starts")
        bench.starts()
    if "documents" in parts:
        for size in sizes:
            _tell(f"{size:,} lines")
            bench.document(size)
    if "load" in parts:
        _tell("load")
        bench.load()
    if "workspace" in parts:
        _tell(f"{bench.effort.specs:,} specs")
        bench.workspace()


def _tell(part: str) -> None:
    print(f"… {part}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
