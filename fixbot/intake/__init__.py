"""Findings from outside: read, told apart, and mapped to the files that they are about. Asks nobody."""
