"""The house rules that no reader can be asked to check: which way imports point, who imports what, sizes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted([*(ROOT / "fixbot").rglob("*.py"), *(ROOT / "fixers").rglob("*.py")])
LONGEST_FILE = 350
LONGEST_FUNCTION = 50
AT_HOME: dict[str, str | tuple[str, ...]] = {
    "typer": "fixbot/cli",
    "click": "fixbot/cli",
    "tree_sitter": ("fixbot/syntax/hcl", "fixbot/shell"),
    "tree_sitter_bash": "fixbot/shell",
    "tree_sitter_hcl": "fixbot/syntax/hcl",
    "_ruamel_yaml": "fixbot/syntax/yaml",
    "ruamel": "fixbot/syntax/yaml",
    "botocore": "fixbot/validity",
    "boto3": "fixbot/aws",
    "github": "fixbot/forge",
    "tenacity": "fixbot/forge",
    "markdown_it": "fixbot/report/html",
}


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room_of(module: str) -> str:
    """A module directly below `fixbot`, or the package there that it lies in."""
    return ".".join(module.split(".")[:2])


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports when it runs, those inside functions included."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            assert node.level == 0, f"{path} imports relatively"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def known(name: str, modules: set[str]) -> str | None:
    """The module of ours that an imported name is or lies in."""
    while name and name not in modules:
        name = name.rpartition(".")[0]
    return name or None


MODULES = {module_of(path): path for path in SOURCES}


def arrows() -> dict[str, set[str]]:
    """Which rooms each room imports."""
    found: dict[str, set[str]] = {}
    for module, path in MODULES.items():
        room = room_of(module)
        for name in imports(path):
            target = known(name, set(MODULES))
            if target is not None and room_of(target) != room and target != "fixbot":
                found.setdefault(room, set()).add(room_of(target))
    return found


def circle(graph: dict[str, set[str]]) -> list[str]:
    done: set[str] = set()

    def visit(room: str, way: list[str]) -> list[str]:
        if room in way:
            return [*way[way.index(room) :], room]
        if room in done:
            return []
        for target in sorted(graph.get(room, ())):
            if found := visit(target, [*way, room]):
                return found
        done.add(room)
        return []

    return next((found for room in sorted(graph) if (found := visit(room, []))), [])


def test_imports_between_rooms_point_one_way() -> None:
    assert circle(arrows()) == []


def test_a_circle_would_be_seen() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == ["a", "b", "c", "a"]


def test_no_room_imports_the_fixers() -> None:
    assert {
        room for room, targets in arrows().items() if any(t.startswith("fixers") for t in targets)
    } == set()


def test_a_fixer_meets_no_syntax_no_file_and_no_terminal() -> None:
    forbidden = {
        f"fixbot.{room}"
        for room in ("syntax", "document", "checkout", "dialects", "cli", "report", "pipeline")
    }
    for module, path in MODULES.items():
        if module.startswith("fixers"):
            targets = {room_of(t) for name in imports(path) if (t := known(name, set(MODULES)))}
            assert not targets & forbidden, f"{module} imports {sorted(targets & forbidden)}"


def test_a_syntax_meets_no_container() -> None:
    for module, path in MODULES.items():
        if module.startswith("fixbot.syntax"):
            targets = {room_of(t) for name in imports(path) if (t := known(name, set(MODULES)))}
            assert targets <= {"fixbot", "fixbot.syntax", "fixbot.tree", "fixbot.change", "fixbot.splice"}, (
                module
            )


@pytest.mark.parametrize("library", AT_HOME)
def test_a_library_is_imported_in_one_room(library: str) -> None:
    for path in SOURCES:
        used = {name.split(".")[0] for name in imports(path)}
        if library in used:
            assert str(path.relative_to(ROOT)).startswith(AT_HOME[library]), path


@pytest.mark.parametrize("path", SOURCES, ids=module_of)
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, f"{node.name} in {path}"


@pytest.mark.parametrize("path", SOURCES, ids=module_of)
def test_every_file_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_only_the_command_line_prints_and_reads_the_environment() -> None:
    for path in SOURCES:
        if not str(path.relative_to(ROOT)).startswith(("fixbot/cli", "fixbot/__main__")):
            calls = {
                ast.unparse(node.func)
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                if isinstance(node, ast.Call)
            }
            assert not calls & {"print", "input", "sys.exit", "exit"}, path


STARTS_PROGRAMS = {"fixbot/checkout/git.py", "fixbot/programs/start.py", "fixbot/programs/launcher.py"}
"""Git's own wrapper, and the one room for all other programs."""
STARTERS = re.compile(
    r"os\.(system|popen|exec\w*|spawn\w*|posix_spawn\w*|startfile)|(shutil\.)?which|webbrowser\.\w+"
)
OPENS_FILES = {
    # The doors: a checkout's files, the user's, and those of programs.
    "fixbot/checkout/rooted.py", "fixbot/checkout/writing.py", "fixbot/checkout/door.py",
    "fixbot/programs/start.py",
    # What fixbot keeps for itself, or the runner and the user hand over.
    "fixbot/cache.py", "fixbot/fleet/results.py",
    "fixbot/cli/runner.py", "fixbot/cli/terminal.py", "fixbot/__main__.py",
    # What the system says of this process.
    "fixbot/bounds.py",
    # What the package itself has beside its code.
    "fixbot/rules/rule.py", "fixbot/report/html/__init__.py", "fixbot/adopt/home.py", "fixbot/cli/init.py",
    "fixbot/iam/table.py", "fixbot/knowledge/tables.py", "fixbot/validity/shapes.py",
}  # fmt: skip
OPENERS = re.compile(
    r"(os\.|io\.)?open|os\.fdopen|.*\.(read_bytes|read_text|write_bytes|write_text)", re.DOTALL
)
MODE = re.compile(r"[rwabx+t]{1,3}")


def calls(path: Path) -> Iterator[ast.Call]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def opens(call: ast.Call) -> bool:
    """Whether a call opens a file, told from its words: `open(…)`, `x.read_text()`, `x.open("rb")`."""
    said = ast.unparse(call.func)
    first = call.args[0] if call.args else None
    mode = first.value if isinstance(first, ast.Constant) else None
    return bool(
        OPENERS.fullmatch(said) or (said.endswith(".open") and isinstance(mode, str) and MODE.fullmatch(mode))
    )


@pytest.mark.parametrize("path", SOURCES, ids=module_of)
def test_programs_are_started_in_one_room_and_git_s_wrapper(path: Path) -> None:
    if str(path.relative_to(ROOT)) not in STARTS_PROGRAMS:
        assert not {"subprocess", "pty", "ctypes"} & {name.split(".")[0] for name in imports(path)}
        assert not [said for call in calls(path) if STARTERS.fullmatch(said := ast.unparse(call.func))]


@pytest.mark.parametrize("path", SOURCES, ids=module_of)
def test_files_are_opened_by_the_doors_alone(path: Path) -> None:
    if str(path.relative_to(ROOT)) not in OPENS_FILES:
        assert not [ast.unparse(call) for call in calls(path) if opens(call)]


def test_the_list_of_who_opens_files_is_no_longer_than_it_must_be() -> None:
    assert {str(path.relative_to(ROOT)) for path in SOURCES if any(map(opens, calls(path)))} == OPENS_FILES
