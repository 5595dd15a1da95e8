"""spec-ls: the language server for product specs."""

__version__ = "0.1.0"
