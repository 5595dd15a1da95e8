"""Text in colours, for a terminal; rich knows what the terminal can."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from spec_ls.cli.report import Printed

STYLES = {
    "error": "bold red",
    "warning": "bold yellow",
    "information": "bold blue",
    "hint": "bold cyan",
    "place": "bold",
    "quiet": "dim",
    "summary": "bold",
    "---": "bold",
    "+++": "bold",
    "@@": "cyan",
    "-": "red",
    "+": "green",
}


class TerminalOutput:
    """Standard output where it is a terminal."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)

    def write(self, printed: Printed) -> None:
        """Prints the parts, those with a style in its colours."""
        text = Text.assemble(
            *(one if isinstance(one, str) else (one.text, STYLES.get(one.style, "")) for one in printed)
        )
        if text:
            self._console.print(text, end="")
