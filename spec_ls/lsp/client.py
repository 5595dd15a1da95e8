"""What the client can do, read once from its `initialize` request.

Stock pygls sends everything to everybody: snippets, literals and nested symbols to clients that never offered to
understand them. Here each question has a name, and the answer is no unless the client said yes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Any, cast

from spec_ls.text import Encoding

_REFRESHES = {
    "diagnostics": "workspace/diagnostic/refresh",
    "semanticTokens": "workspace/semanticTokens/refresh",
    "codeLens": "workspace/codeLens/refresh",
    "inlayHint": "workspace/inlayHint/refresh",
}
"""By the area of the capabilities in which a client says that it takes them."""


_NEVER_PULL = ("@codemirror/lsp-client",)
"""Clients that say they pull diagnostics, and only show what is pushed (version 6.3.0)."""


@dataclass(frozen=True, slots=True)
class Client:
    """The answers; those of a bare `Client()` hold for a client that says nothing."""

    name: str = ""
    encoding: Encoding = "utf-16"
    """The unit of `character`: the first the client lists that we know (LSP 3.17, "PositionEncodingKind"). For one that
    counts otherwise and cannot say so, as ALE, the initialization option `positionEncoding`."""

    apply_edit: bool = False
    document_changes: bool = False
    change_annotations: bool = False
    create_files: bool = False
    rename_files: bool = False
    """An edit may rename files."""
    configuration: bool = False
    registers_settings: bool = False
    """It tells of changed settings where it has been asked to at run time."""
    folders: bool = False
    watched_files: bool = False
    """File watchers can be registered at run time."""
    relative_patterns: bool = False
    show_document: bool = False
    work_done_progress: bool = False

    snippets: bool = False
    markdown_completion: bool = False
    completion_resolve: frozenset[str] = frozenset()
    """The properties of a proposal that it asks for when they are needed."""
    completion_defaults: frozenset[str] = frozenset()
    """What it takes for all items of a list at once."""
    words_alone: bool = True
    """It says nothing of completion, and may put a proposal in the place of the word alone, as Kate does."""
    commit_characters: bool = False
    insert_replace: bool = False
    label_details: bool = False
    markdown_hover: bool = False
    hierarchical_symbols: bool = False
    line_folding_only: bool = False
    folding_limit: int | None = None
    """How many folds of a document it takes; None where it does not say."""
    definition_links: bool = False
    declaration_links: bool = False
    hint_resolve: bool = False
    """The tooltip of an inlay hint may be asked for later."""
    commands: frozenset[str] = frozenset()
    """Commands of its own that it offers to run, in the way of rust-analyzer: `experimental.commands.commands`."""
    lens_resolve: bool = False
    """It shows code lenses, and asks for the words of those that come into view."""

    link_tooltips: bool = False
    token_types: tuple[str, ...] | None = None
    """The semantic token types that it knows; None where it does not say."""
    token_modifiers: tuple[str, ...] | None = None
    token_deltas: bool = True
    token_ranges: bool = True

    code_action_literals: bool = False
    code_action_kinds: tuple[str, ...] = ()
    code_action_preference: bool = False
    """It tells preferred code actions from others."""
    code_action_resolve: bool = False
    """The edit of a code action may be left out and asked for later, and `data` comes back with the question."""

    confirms_actions: bool = False
    """It has the user confirm the edits of a code action that are annotated so."""

    versioned_diagnostics: bool = False
    related_information: bool = False
    code_description: bool = False
    diagnostic_data: bool = False
    diagnostic_tags: frozenset[int] = frozenset()
    """The DiagnosticTag numbers it shows: 1 unnecessary, 2 deprecated."""
    pull_diagnostics: bool = False
    """It asks for diagnostics; nothing is pushed to it then."""
    related_documents: bool = False
    """It takes the diagnostics of other files along with those that it asked for."""
    refresh_diagnostics: bool = False
    refreshes: tuple[str, ...] = ()
    """The methods by which it can be told to ask anew for what it shows."""

    @classmethod
    def of(cls, params: object) -> Client:
        """The client behind raw `initialize` params; whatever has the wrong type counts as not said. Never raises."""

        def get(path: str) -> object:
            value: object = params
            for key in path.split("."):
                if not isinstance(value, dict):
                    return None
                value = value.get(key)
            return value

        def yes(path: str) -> bool:
            return get("capabilities." + path) is True

        def said(path: str) -> bool:
            return isinstance(get("capabilities." + path), dict)

        def listed(path: str) -> list[object]:
            value = get("capabilities." + path)
            return value if isinstance(value, list) else []

        def names(path: str) -> tuple[str, ...] | None:
            return tuple(one for one in listed(path) if isinstance(one, str)) or None

        name = get("clientInfo.name")

        def of_diagnostics(ask: Callable[[str], Any], path: str) -> list[Any]:
            """What is said of pushed and of pulled diagnostics: most clients say it of the one, whichever they take."""
            return [ask(f"textDocument.{kind}.{path}") for kind in ("publishDiagnostics", "diagnostic")]

        offered = listed("general.positionEncodings") or [get("initializationOptions.positionEncoding")]
        # One server is asked for utf-8 by Neovim and for utf-16 by VS Code: the client's order decides.
        encoding = next((one for one in offered if one in ("utf-8", "utf-16", "utf-32")), "utf-16")
        item, action = "textDocument.completion.completionItem", "textDocument.codeAction"
        tokens = "textDocument.semanticTokens"
        kinds = listed(f"{action}.codeActionLiteralSupport.codeActionKind.valueSet")
        limit = get("capabilities.textDocument.foldingRange.rangeLimit")
        tags = chain(*of_diagnostics(listed, "tagSupport.valueSet"))
        return cls(
            name=name if isinstance(name, str) else "",
            encoding=cast(Encoding, encoding),
            apply_edit=yes("workspace.applyEdit"),
            document_changes=yes("workspace.workspaceEdit.documentChanges"),
            create_files=yes("workspace.workspaceEdit.documentChanges")
            and "create" in listed("workspace.workspaceEdit.resourceOperations"),
            rename_files=yes("workspace.workspaceEdit.documentChanges")
            and "rename" in listed("workspace.workspaceEdit.resourceOperations"),
            change_annotations=said("workspace.workspaceEdit.changeAnnotationSupport"),
            configuration=yes("workspace.configuration"),
            registers_settings=yes("workspace.didChangeConfiguration.dynamicRegistration"),
            folders=yes("workspace.workspaceFolders"),
            watched_files=yes("workspace.didChangeWatchedFiles.dynamicRegistration"),
            relative_patterns=yes("workspace.didChangeWatchedFiles.relativePatternSupport"),
            show_document=yes("window.showDocument.support"),
            work_done_progress=yes("window.workDoneProgress"),
            snippets=yes(f"{item}.snippetSupport"),
            markdown_completion="markdown" in listed(f"{item}.documentationFormat"),
            completion_resolve=frozenset(names(f"{item}.resolveSupport.properties") or ()),
            completion_defaults=frozenset(names("textDocument.completion.completionList.itemDefaults") or ()),
            words_alone=not said("textDocument.completion"),
            commit_characters=yes(f"{item}.commitCharactersSupport"),
            insert_replace=yes(f"{item}.insertReplaceSupport"),
            label_details=yes(f"{item}.labelDetailsSupport"),
            markdown_hover="markdown" in listed("textDocument.hover.contentFormat"),
            hierarchical_symbols=yes("textDocument.documentSymbol.hierarchicalDocumentSymbolSupport"),
            line_folding_only=yes("textDocument.foldingRange.lineFoldingOnly"),
            folding_limit=limit if isinstance(limit, int) and not isinstance(limit, bool) else None,
            hint_resolve="tooltip" in listed("textDocument.inlayHint.resolveSupport.properties"),
            commands=frozenset(names("experimental.commands.commands") or ()),
            lens_resolve=said("textDocument.codeLens"),
            definition_links=yes("textDocument.definition.linkSupport"),
            declaration_links=yes("textDocument.declaration.linkSupport"),
            link_tooltips=yes("textDocument.documentLink.tooltipSupport"),
            token_types=names(f"{tokens}.tokenTypes"),
            token_modifiers=names(f"{tokens}.tokenModifiers"),
            token_deltas=yes(f"{tokens}.requests.full.delta") or not said(tokens),
            token_ranges=get(f"capabilities.{tokens}.requests.range") not in (None, False) or not said(tokens),
            code_action_literals=said(f"{action}.codeActionLiteralSupport"),
            code_action_kinds=tuple(kind for kind in kinds if isinstance(kind, str)),
            code_action_preference=yes(f"{action}.isPreferredSupport"),
            code_action_resolve=yes(f"{action}.dataSupport")
            and "edit" in listed(f"{action}.resolveSupport.properties"),
            confirms_actions=yes(f"{action}.honorsChangeAnnotations"),
            versioned_diagnostics=yes("textDocument.publishDiagnostics.versionSupport"),
            related_information=any(of_diagnostics(yes, "relatedInformation")),
            code_description=any(of_diagnostics(yes, "codeDescriptionSupport")),
            diagnostic_data=any(of_diagnostics(yes, "dataSupport")),
            diagnostic_tags=frozenset(tag for tag in tags if isinstance(tag, int) and not isinstance(tag, bool)),
            pull_diagnostics=said("textDocument.diagnostic") and name not in _NEVER_PULL,
            related_documents=yes("textDocument.diagnostic.relatedDocumentSupport"),
            refresh_diagnostics=yes("workspace.diagnostics.refreshSupport"),
            refreshes=tuple(
                method
                for area, method in _REFRESHES.items()
                if yes(f"workspace.{area}.refreshSupport")
                and (area != "diagnostics" or said("textDocument.diagnostic"))
            ),
        )
