"""What GitHub Actions gives a step and takes from it: inputs, events, commands, outputs, summaries.

Everything here makes values or strings of what it is given; `cli.action` reads and prints them.
"""
