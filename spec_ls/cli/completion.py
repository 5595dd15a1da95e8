"""`spec-ls completion`: what makes a shell complete commands, options, rules, statuses, templates and files."""

from __future__ import annotations

from typing import ClassVar

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
)

from spec_ls.cli.report import Output

VARIABLE = "_SPEC_LS_COMPLETE"
"""By this a shell asks for proposals; a line each of its kind, a comma and the proposal."""

_BASH = """\
%(complete_func)s() {
    local IFS=$'\\n' typed="${COMP_WORDS[COMP_CWORD]}" line kind value
    local word=${typed#[\\"\\']}
    COMPREPLY=()
    while IFS= read -r line; do
        kind=${line%%%%,*} value=${line#*,}
        case $kind in
            plain) [[ $typed != "$word" ]] || value=$(printf %%q "$value"); COMPREPLY+=("$value") ;;
            dir) compopt -o filenames; COMPREPLY+=($(compgen -d -- "$word")) ;;
            file) compopt -o filenames; COMPREPLY+=($(compgen -f -- "$word")) ;;
            markdown)
                compopt -o filenames
                COMPREPLY+=($(compgen -d -- "$word"))
                COMPREPLY+=($(compgen -f -X '!*.md' -- "$word") $(compgen -f -X '!*.markdown' -- "$word"))
                ;;
        esac
    done < <(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD %(complete_var)s=bash_complete "$1" 2>/dev/null)
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""

_ZSH = """\
#compdef %(prog_name)s

%(complete_func)s() {
    local -a lines plain described
    local kind value told
    lines=("${(@f)$(env COMP_WORDS="${words[*]}" COMP_CWORD=$((CURRENT-1)) \
%(complete_var)s=zsh_complete "${words[1]}" 2>/dev/null)}")
    for kind value told in "${lines[@]}"; do
        case $kind in
            plain) if [[ $told == _ ]]; then plain+=("$value"); else described+=("$value:$told"); fi ;;
            dir) compset -P '--*='; _path_files -/ ;;
            file) compset -P '--*='; _path_files -f ;;
            markdown) compset -P '--*='; _path_files -g '*.(md|markdown)(-.)'; _path_files -/ ;;
        esac
    done
    (( $#described )) && _describe -V unsorted described -U
    (( $#plain )) && compadd -U -V unsorted -a plain
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    compdef %(complete_func)s %(prog_name)s
fi
"""

_FISH = """\
function %(complete_func)s
    set -l word (commandline -ct)
    for line in (env %(complete_var)s=fish_complete COMP_WORDS=(commandline -cp | string collect) \
COMP_CWORD=(commandline -ct | string collect) (commandline -opc)[1] 2>/dev/null)
        set -l parts (string split -m 1 , -- $line)
        switch $parts[1]
            case plain
                printf '%%s\\n' $parts[2]
            case dir
                __fish_complete_directories $word
            case file
                __fish_complete_path $word
            case markdown
                __fish_complete_path $word | string match -r '.*(?:/|\\.md|\\.markdown)(?:\\t.*)?$'
        end
    end
end

complete --no-files --command %(prog_name)s --arguments '(%(complete_func)s)'
"""


@add_completion_class
class _Bash(BashComplete):
    source_template: ClassVar[str] = _BASH

    def source(self) -> str:
        """The script, whatever bash there is here: it may be for another machine."""
        return ShellComplete.source(self)

    def get_completion_args(self) -> tuple[list[str], str]:
        """Bash parts a word at `=`: `--status=Re` comes as three."""
        words, incomplete = super().get_completion_args()
        if incomplete == "=":
            incomplete = ""
        elif words[-1:] == ["="]:
            words.pop()
        return words, incomplete


class _WholeWord(ShellComplete):
    """For a shell that takes `--status=Re` for one word, and wants proposals for the whole of it."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        found = super().get_completions(args, incomplete)
        option, equals, _ = incomplete.partition("=")
        if not option.startswith("--") or not equals:
            return found
        return [CompletionItem(f"{option}={item.value}", item.type, item.help) for item in found]


@add_completion_class
class _Zsh(_WholeWord, ZshComplete):
    source_template: ClassVar[str] = _ZSH


@add_completion_class
class _Fish(_WholeWord, FishComplete):
    source_template: ClassVar[str] = _FISH


_SHELLS: dict[str, type[ShellComplete]] = {"bash": _Bash, "zsh": _Zsh, "fish": _Fish}


@click.command(short_help="Print what makes a shell complete commands and options.")
@click.argument("shell", type=click.Choice([*_SHELLS]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Prints the script that lets a shell complete spec-ls; put it where your shell reads its settings.

    \b
      spec-ls completion bash >> ~/.bashrc
      spec-ls completion zsh >> ~/.zshrc
      spec-ls completion fish > ~/.config/fish/completions/spec-ls.fish
    """
    root = context.find_root().command
    Output().write(_SHELLS[shell](root, {}, "spec-ls", VARIABLE).source(), "utf-8")
