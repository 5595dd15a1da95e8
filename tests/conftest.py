"""Collects the annotated documents under `tests/cases`; `--update` rewrites what they say."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from annotated.casefile import Block, Case, CaseError, read_cases
from annotated.run import run_case
from hypothesis import settings

settings.register_profile("the-same", derandomize=True)
if not {"SPEC_LS_EXAMPLES", "SPEC_LS_SOAK"} & set(os.environ):
    settings.load_profile("the-same")  # a run tells of the change alone; ever new examples are for `make soak`

os.environ["SPEC_LS_CACHE"] = "off"
"""What the user keeps is neither read nor written; the servers that tests start inherit it."""
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a run in the background: what it starts would not know Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)
collect_ignore = [] if "SPEC_LS_EDITORS" in os.environ else ["editors"]
"""Those need editors and browsers: `make test-editors`."""

CASES = Path(__file__).parent / "cases"
_rewritten: dict[Path, list[tuple[Block, list[str]]]] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite carets, fixes and goldens in tests/cases")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> CaseFile | None:
    if file_path.suffix != ".md" or not file_path.is_relative_to(CASES):
        return None
    folders = file_path.relative_to(CASES).parts[:-1]
    asked = any("disputed" in str(argument) for argument in parent.config.invocation_params.args)
    if not folders or folders[0] == "bases" or (folders[0] == "disputed" and not asked):
        return None
    return CaseFile.from_parent(parent, path=file_path)


def pytest_sessionfinish(session: pytest.Session) -> None:
    for path, blocks in _rewritten.items():
        lines = path.read_bytes().decode("utf-8").split("\n")
        for block, rows in sorted(blocks, key=lambda pair: pair[0].line, reverse=True):
            lines[block.line : block.line + len(block.lines)] = rows
        path.write_bytes("\n".join(lines).encode("utf-8"))


class CaseFile(pytest.File):
    """A case file: one test a heading."""

    def collect(self) -> Iterator[CaseItem]:
        for case in read_cases(self.path):
            yield CaseItem.from_parent(self, name=case.name, case=case)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        return str(excinfo.value) if isinstance(excinfo.value, CaseError) else str(super().repr_failure(excinfo))


class CaseItem(pytest.Item):
    """One case."""

    def __init__(self, *, case: Case, **kwargs: object) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type]
        self.case = case
        self.funcargs: dict[str, object] = {}  # pytest-lsp 1.0 fails on items without it

    def runtest(self) -> None:
        outcome = run_case(self.case)
        if outcome.rewritten and self.config.getoption("--update"):
            _rewritten.setdefault(self.path, []).extend(outcome.rewritten)
        if outcome.wrong:
            raise CaseError("\n\n".join(outcome.wrong))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        return str(excinfo.value) if isinstance(excinfo.value, CaseError) else str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.case.line, self.name
