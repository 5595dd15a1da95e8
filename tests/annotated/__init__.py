"""Annotated documents: every `tests/cases/**/*.md` is a test suite, every `## Heading` in it one test.

`tests/cases/README.md` tells a template author how to write one.

- `casefile`: a case file to cases and their fenced blocks
- `marks`: caret lines and what they say
- `patches`: "this valid document with these lines changed"
- `run`: what each kind of block demands, and what it would say if it were written today
"""
