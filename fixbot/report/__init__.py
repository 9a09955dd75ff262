"""A run's Report as people and machines want it: text, JSON, SARIF, Markdown, a patch.

Every module has a function that makes a string of a Report and prints nothing.
"""
