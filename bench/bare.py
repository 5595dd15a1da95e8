"""A pygls server that does nothing: no server of ours can be ready before it has answered `initialize`."""

from pygls.lsp.server import LanguageServer

LanguageServer("bare", "0").start_io()
