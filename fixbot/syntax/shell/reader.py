"""Walks the tree that tree-sitter makes of a script, as a shell would run it: folders, variables, functions.

Both branches of a condition are taken, loops over known words once for each word and other loops once. What
only running would tell is unknown word by word, and never makes the words beside it unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Final

from fixbot.syntax.shell.expansion import Expansion
from fixbot.syntax.shell.invocation import HOLE, Invocation, Script, ShellWord
from fixbot.syntax.shell.starting import SHELLS, interprets, started_by

if TYPE_CHECKING:
    import tree_sitter

_LONGEST: Final = 65_536
_DEEPEST: Final = 8
_MOST: Final = 2_000
"""Invocations of one script: functions that call each other in loops grow without bounds otherwise."""
_UNKNOWN: Final = ShellWord((None,))
_WRITING: Final = frozenset((">", ">>", ">|", "&>", "&>>"))
_FOLDER_CHANGES: Final = frozenset(("cd", "pushd"))
_SOURCES: Final = frozenset((".", "source"))


@cache
def _build_parser() -> tree_sitter.Parser:
    import tree_sitter  # noqa: PLC0415 - most files start no script
    import tree_sitter_bash  # noqa: PLC0415 - as above

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))


def read_script(
    text: str, variables: Mapping[str, ShellWord] | None = None, folder: str | None = None
) -> Script:
    """The script as `sh -c` runs it, with these variables known, begun in that folder (None: not known)."""
    reading = _Reading()
    _Walk(reading, dict(variables or {}), folder).text(text)
    return reading.build_script()


def read_command(
    words: Sequence[str], variables: Mapping[str, ShellWord] | None = None, folder: str | None = None
) -> Script:
    """A command as `execve` gets it: no shell reads it unless it names one. HOLE stands for unknown parts."""
    reading = _Reading()
    walk = _Walk(reading, dict(variables or {}), folder)
    if words:
        walk.start([_with_holes(word) for word in words], (), depth=0)
    return reading.build_script()


def _with_holes(text: str) -> ShellWord:
    if HOLE not in text:
        return ShellWord((text,))
    return ShellWord(tuple(None if part == HOLE else part for part in re.split(f"({HOLE})", text) if part))


@dataclass(slots=True)
class _Reading:
    """What one script comes to so far."""

    invocations: list[Invocation] = field(default_factory=list)
    unread: dict[str, None] = field(default_factory=dict)
    missing: dict[str, None] = field(default_factory=dict)

    def build_script(self) -> Script:
        return Script(tuple(self.invocations), tuple(self.unread), tuple(self.missing))

    def note_missing(self, file: ShellWord) -> None:
        """Note a script in a file, or one that only running would tell."""
        if file.text is None:
            self.unread["a script that only running it would tell"] = None
        else:
            self.missing[file.text] = None

    def add_invocation(self, invocation: Invocation) -> None:
        if len(self.invocations) < _MOST:
            self.invocations.append(invocation)
        else:
            self.unread["more than fixbot follows"] = None


@dataclass(slots=True)
class _Walk:
    """A shell at one place of a script; a subshell is a copy."""

    reading: _Reading
    variables: dict[str, ShellWord]
    folder: str | None
    functions: dict[str, tuple[bytes, tree_sitter.Node]] = field(default_factory=dict)
    depth: int = 0
    source: bytes = b""

    def text(self, text: str) -> None:
        """Run a text."""
        if len(text) > _LONGEST or self.depth > _DEEPEST:
            self.reading.unread["a script that is too long or too deep"] = None
            return
        self.source = text.encode("utf-8", "surrogatepass")
        root = _build_parser().parse(self.source).root_node
        if root.has_error:
            self.reading.unread["a stretch that no shell reads so"] = None
        self.run(root)

    def run(self, node: tree_sitter.Node) -> None:
        """Run one statement, or all those in it."""
        step: Callable[[tree_sitter.Node], None] | None = getattr(self, f"_{node.type}", None)
        if step is not None:
            step(node)
            return
        for child in node.named_children:
            self.run(child)

    def _subshell(self, node: tree_sitter.Node) -> None:
        inner = replace(self, variables=dict(self.variables), functions=dict(self.functions))
        for child in node.named_children:
            inner.run(child)

    _command_substitution = _subshell
    _process_substitution = _subshell
    _pipeline = _subshell

    def _command(self, node: tree_sitter.Node, redirects: Iterable[tree_sitter.Node] = ()) -> None:
        assigned: dict[str, ShellWord] = {}
        words: list[ShellWord] = []
        inner = list(redirects)
        for child in node.named_children:
            self._run_inside(child)
            if child.type == "variable_assignment":
                assigned.update(self._assigned(child))
            elif child.type.endswith("_redirect"):
                inner.append(child)
            else:
                words += self._words.split_words(child)
        writes = tuple(self._targets(inner))
        if not words:
            self.variables |= assigned
            return
        if interprets((words[0].text or "").rpartition("/")[2]):
            fed = [self._source(each) for each in inner if each.type in _FEEDING]
            words += [word for text in fed for word in (ShellWord(("-c",)), ShellWord((text,)))]
        self.start(words, writes, depth=self.depth)

    def _run_inside(self, node: tree_sitter.Node) -> None:
        """What substitutions start before the command itself does."""
        for child in node.children:
            if child.type in ("command_substitution", "process_substitution"):
                self._subshell(child)
            else:
                self._run_inside(child)
        if node.type in ("command_substitution", "process_substitution") and not node.children:
            self._subshell(node)

    def _redirected_statement(self, node: tree_sitter.Node) -> None:
        redirects = [child for child in node.named_children if child.type.endswith("_redirect")]
        body = node.named_children[0] if node.named_children else None
        self._redirected(None if body in redirects else body, redirects)
        for child in redirects:
            self._run_inside(child)

    def _redirected(self, body: tree_sitter.Node | None, redirects: list[tree_sitter.Node]) -> None:
        """Run a statement with redirections; in `a && b > c` the grammar has them around both."""
        if body is not None and body.type == "command":
            self._command(body, redirects)
        elif body is not None and body.type in ("list", "pipeline", "negated_command"):
            *before, last = body.named_children
            for child in before:
                self.run(child)
            self._redirected(last, redirects)
        else:
            group = Invocation(ShellWord(()), (), tuple(self._targets(redirects)), self.folder)
            if group.writes:
                self.reading.add_invocation(group)
            if body is not None:
                self.run(body)

    def _targets(self, redirects: Iterable[tree_sitter.Node]) -> Iterator[ShellWord]:
        for each in redirects:
            signs = [child for child in each.children if not child.is_named]
            if each.type == "file_redirect" and any(sign.type in _WRITING for sign in signs):
                destination = each.child_by_field_name("destination") or each.named_children[-1]
                yield self._words.expand_word(destination).path_below(self.folder)
            yield from self._targets(c for c in each.named_children if c.type.endswith("_redirect"))

    def _variable_assignment(self, node: tree_sitter.Node) -> None:
        self._run_inside(node)
        self.variables |= self._assigned(node)

    def _assigned(self, node: tree_sitter.Node) -> dict[str, ShellWord]:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is None or name.type != "variable_name":
            return {}
        appended = any(child.type == "+=" for child in node.children)
        word = _UNKNOWN if appended else ShellWord(("",)) if value is None else self._words.expand_word(value)
        return {self._source(name): word}

    def _function_definition(self, node: tree_sitter.Node) -> None:
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is not None and body is not None:
            self.functions[self._source(name)] = (self.source, body)

    def _if_statement(self, node: tree_sitter.Node) -> None:
        self._branches(node.named_children)

    _case_statement = _if_statement
    _while_statement = _if_statement

    def _branches(self, nodes: Sequence[tree_sitter.Node]) -> None:
        """Run what may or may not run; what it assigns is known afterwards only if it was the same before."""
        before, folder = dict(self.variables), self.folder
        for node in nodes:
            self.run(node)
        changed = (name for name, word in self.variables.items() if before.get(name) != word)
        self.variables |= dict.fromkeys(list(changed), _UNKNOWN)
        self.folder = folder if self.folder == folder else None

    def _for_statement(self, node: tree_sitter.Node) -> None:
        name, body = node.child_by_field_name("variable"), node.child_by_field_name("body")
        values = [w for child in node.children_by_field_name("value") for w in self._words.split_words(child)]
        for child in node.children_by_field_name("value"):
            self._run_inside(child)
        if name is None or body is None:
            return
        known = bool(values) and all(each.text is not None for each in values)
        for value in values if known else [_UNKNOWN]:
            self.variables[self._source(name)] = value
            self._branches([body])
        self.variables[self._source(name)] = _UNKNOWN

    def _test_command(self, node: tree_sitter.Node) -> None:
        self._run_inside(node)

    def _heredoc_body(self, node: tree_sitter.Node) -> None:
        self._run_inside(node)

    def _declaration_command(self, node: tree_sitter.Node) -> None:
        for child in node.named_children:
            if child.type == "variable_assignment":
                self._variable_assignment(child)

    def start(self, words: Sequence[ShellWord], writes: tuple[ShellWord, ...], depth: int) -> None:
        """Start a program, and whatever it goes on to start with its own arguments."""
        called, *arguments = words
        invocation = Invocation(called, tuple(arguments), writes, self.folder)
        self.reading.add_invocation(invocation)
        program = invocation.program
        if _is_own_file(called.text or ""):
            self.reading.note_missing(called)
        if program in self.functions and depth < _DEEPEST:
            self._call(program, arguments)
        elif program in _FOLDER_CHANGES:
            self.folder = (arguments[0] if arguments else _UNKNOWN).path_below(self.folder).text
        elif program in _SOURCES and arguments:
            self.reading.note_missing(arguments[0])
        elif program == "eval":
            self._inner(" ".join(word.text or HOLE for word in arguments))
        elif program in SHELLS:
            self._shell(arguments)
        elif depth < _DEEPEST and (further := started_by(program, arguments)):
            self.start(further, (), depth + 1)

    def _shell(self, arguments: Sequence[ShellWord]) -> None:
        """`sh -c SCRIPT`, or a file of a script, which isn't here."""
        for at, word in enumerate(arguments):
            text = word.text
            if text is None or not text.startswith("-"):
                self.reading.note_missing(word)
                return
            if re.fullmatch(r"-[a-z]*c", text) and at + 1 < len(arguments):
                script = arguments[at + 1]
                if script.text is None and len(script.parts) == 1:
                    self.reading.note_missing(script)
                else:
                    self._inner("".join(HOLE if part is None else part for part in script.parts))
                return

    def _inner(self, text: str) -> None:
        inner = _Walk(self.reading, dict(self.variables), self.folder, self.functions, self.depth + 1)
        inner.text(text)

    def _call(self, name: str, arguments: Sequence[ShellWord]) -> None:
        source, body = self.functions[name]
        inner = replace(self, source=source, depth=self.depth + 1)
        if inner.depth > _DEEPEST:
            return
        kept = {str(at): self.variables.get(str(at)) for at in range(1, 10)}
        self.variables |= {str(at): word for at, word in enumerate(arguments[:9], 1)}
        inner.run(body)
        self.variables |= {at: word or _UNKNOWN for at, word in kept.items()}
        self.folder = inner.folder

    def _source(self, node: tree_sitter.Node) -> str:
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "surrogatepass")

    @property
    def _words(self) -> Expansion:
        return Expansion(self.source, self.variables)


def _is_own_file(path: str) -> bool:
    """Whether a program is a file that somebody wrote for this container, by where it lies."""
    return "/" in path and (path.endswith((".sh", ".bash")) or not _OF_THE_SYSTEM.match(path))


_FEEDING: Final = ("heredoc_redirect", "herestring_redirect")
_OF_THE_SYSTEM: Final = re.compile(r"/(?:usr/(?:local/)?)?s?bin/|/usr/lib|/lib|/opt/")
