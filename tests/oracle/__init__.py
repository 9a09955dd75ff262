"""An independent reader that judges fixbot from outside: it shares no parser, dialect or writer with it.

It reads files with PyYAML, a JSON reader of its own and tree-sitter, looks for the same four concerns by
simple rules of its own, and compares what a run of the `fixbot` command says with what it did.
"""
