"""Scripts and commands as a POSIX shell reads them: what is started, with which words, and what it writes."""

from __future__ import annotations

from fixbot.syntax.shell.invocation import HOLE, Invocation, Script, ShellWord
from fixbot.syntax.shell.reader import read_command, read_script

__all__ = ["HOLE", "Invocation", "Script", "ShellWord", "read_command", "read_script"]
