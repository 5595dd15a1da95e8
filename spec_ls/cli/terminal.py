"""Text in colours, for a terminal; rich knows what the terminal can and heeds NO_COLOR."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text as Styled

from spec_ls.cli.report import Output, excerpt, place
from spec_ls.rules.base import Problem, Severity
from spec_ls.workspace import Document

_COLOURS: dict[Severity, str] = {
    "error": "bold red",
    "warning": "bold yellow",
    "information": "bold blue",
    "hint": "bold cyan",
}
_DIFF = {"---": "bold", "+++": "bold", "@@": "cyan", "-": "red", "+": "green"}


class TerminalReport:
    """The plain text with weights, places and carets set off."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
        self._output = Output()

    def findings(self, name: str, document: Document, problems: Sequence[Problem]) -> None:
        for problem in problems:
            line, carets = excerpt(document.text, problem)
            colour = _COLOURS[problem.severity]
            self._print(
                Styled.assemble(
                    (place(name, document, problem), "bold"),
                    ": ",
                    (problem.severity, colour),
                    (f"[{problem.rule}]", "dim"),
                    f" {problem.message}\n    {line}\n    ",
                    (carets, colour),
                )
            )

    def diff(self, diff: str) -> None:
        for line in diff.splitlines():
            style = next((style for mark, style in _DIFF.items() if line.startswith(mark)), "")
            self._print(Styled(line, style))

    def summary(self, summary: str) -> None:
        self._print(Styled(summary, "bold"))

    def close(self) -> None:
        pass

    def _print(self, text: Styled) -> None:
        try:
            self._console.print(text)
        except BrokenPipeError:
            self._output.gone()
