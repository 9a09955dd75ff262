"""The house rules that no reader can be asked to check: which way imports point, who imports what, sizes."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted([*(ROOT / "fixbot").rglob("*.py"), *(ROOT / "fixers").rglob("*.py")])
LONGEST_FILE = 350
LONGEST_FUNCTION = 50
MOST_ROOMS = 30
MOST_FLOORS = 14
MOST_ONE_WORD = 0.15
AT_HOME: dict[str, str | tuple[str, ...]] = {
    "typer": "fixbot/cli",
    "click": "fixbot/cli",
    "tree_sitter": ("fixbot/syntax/hcl", "fixbot/syntax/shell"),
    "tree_sitter_bash": "fixbot/syntax/shell",
    "tree_sitter_hcl": "fixbot/syntax/hcl",
    "_ruamel_yaml": "fixbot/syntax/yaml",
    "ruamel": "fixbot/syntax/yaml",
    "botocore": ("fixbot/aws", "fixbot/validity"),
    "boto3": "fixbot/aws",
    "github": "fixbot/publish/github",
    "http": "fixbot/network",
    "requests": "fixbot/publish/github",
    "socket": "fixbot/network",
    "tenacity": ("fixbot/aws", "fixbot/publish/github"),
    "markdown_it": "fixbot/report/html",
}


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room_of(module: str) -> str:
    """A module directly below `fixbot`, or the package there that it lies in."""
    return ".".join(module.split(".")[:2])


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Every module that a file imports, those inside functions and those for types alone included."""
    found: list[str] = []
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            assert node.level == 0, f"{path} imports relatively"
            found += [f"{node.module}.{name.name}" for name in node.names]
    return tuple(found)


MODULES = {module_of(path): path for path in SOURCES}
ROOMS = {room_of(module) for module in MODULES if module.startswith("fixbot.")} - {"fixbot.__main__"}
Graph = dict[str, set[str]]


def known(name: str) -> str | None:
    """The module of ours that an imported name is or lies in."""
    while name and name not in MODULES:
        name = name.rpartition(".")[0]
    return name or None


def modules_imported(module: str) -> set[str]:
    return {target for name in imports(MODULES[module]) if (target := known(name)) is not None}


def rooms_imported(module: str) -> set[str]:
    return {room_of(target) for target in modules_imported(module)}


def arrows(part: Callable[[str], str] = str) -> Graph:
    """Which modules, or which parts of the house, each one imports."""
    found: Graph = {}
    for module in MODULES:
        targets = {part(each) for each in modules_imported(module) if each != "fixbot"}
        found.setdefault(part(module), set()).update(targets - {part(module)})
    return found


def circle(graph: Graph) -> list[str]:
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


def floors(graph: Graph, room: str) -> int:
    """How many rooms the longest way down from one passes, itself included."""
    return 1 + max((floors(graph, target) for target in graph.get(room, ())), default=0)


def test_imports_between_rooms_point_one_way() -> None:
    assert circle(arrows(room_of)) == []


def test_imports_between_modules_point_one_way() -> None:
    assert circle(arrows()) == []


def test_a_circle_would_be_seen() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == ["a", "b", "c", "a"]


def test_the_house_has_few_rooms_and_few_floors() -> None:
    assert len(ROOMS) <= MOST_ROOMS
    assert floors(arrows(room_of), "fixbot.cli") <= MOST_FLOORS


def test_the_plan_of_the_house_names_every_room() -> None:
    plan = (ROOT / "docs" / "house.md").read_text(encoding="utf-8")
    assert {f"fixbot.{name}" for name in re.findall(r"^\| `(\w+)/` \|", plan, re.MULTILINE)} == ROOMS


def definitions(path: Path) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    yield from (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef | ast.ClassDef))


def test_no_two_public_classes_share_a_name() -> None:
    found = Counter(
        node.name
        for path in SOURCES
        for node in definitions(path)
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert [name for name, count in found.items() if count > 1] == []


def test_modules_of_one_name_stand_side_by_side() -> None:
    """`read.py` of each syntax does the same; any other two would be mistaken for each other."""
    above: dict[str, set[str]] = {}
    for module, path in MODULES.items():
        if path.stem != "__init__":
            above.setdefault(path.stem, set()).add(module.rpartition(".")[0].rpartition(".")[0])
    assert {name: places for name, places in above.items() if len(places) > 1} == {}


def test_functions_are_called_by_more_than_a_word() -> None:
    names = [
        node.name.strip("_").split("_")
        for path in SOURCES
        for node in definitions(path)
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("__")
    ]
    assert sum(len(words) == 1 for words in names) / len(names) <= MOST_ONE_WORD


def test_no_room_imports_the_fixers() -> None:
    assert {
        room for room, targets in arrows(room_of).items() if any(t.startswith("fixers") for t in targets)
    } == set()


def test_a_fixer_meets_no_syntax_no_file_and_no_terminal() -> None:
    forbidden = {
        f"fixbot.{room}" for room in ("syntax", "source", "checkout", "dialects", "cli", "report", "engine")
    }
    for module in MODULES:
        if module.startswith("fixers"):
            assert not rooms_imported(module) & forbidden, module


def test_a_syntax_meets_no_container() -> None:
    for module in MODULES:
        if module.startswith("fixbot.syntax"):
            assert rooms_imported(module) <= {"fixbot", "fixbot.syntax", "fixbot.edit"}, module


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
    assert ast.get_docstring(tree_of(path))


def test_only_the_command_line_prints_and_reads_the_environment() -> None:
    for path in SOURCES:
        if not str(path.relative_to(ROOT)).startswith(("fixbot/cli", "fixbot/__main__")):
            calls = {ast.unparse(node.func) for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)}
            assert not calls & {"print", "input", "sys.exit", "exit"}, path


STARTS_PROGRAMS = {
    "fixbot/programs/session.py",
    "fixbot/checkout/git.py",
    "fixbot/programs/start.py",
    "fixbot/programs/launcher.py",
}
"""Git's own wrapper, and the one room for all other programs."""
STARTERS = re.compile(
    r"os\.(system|popen|exec\w*|spawn\w*|posix_spawn\w*|startfile)|(shutil\.)?which|webbrowser\.\w+"
)
OPENS_FILES = {
    # The doors: a checkout's files, the user's, and those of programs.
    "fixbot/checkout/rooted_folder.py", "fixbot/checkout/write_files.py", "fixbot/checkout/named_files.py",
    "fixbot/programs/start.py",
    "fixbot/render/serve_helm.py",
    # What fixbot keeps for itself, or the runner and the user hand over.
    "fixbot/engine/user_cache.py", "fixbot/fleet/results_file.py",
    "fixbot/cli/actions_runner.py", "fixbot/cli/terminal.py", "fixbot/__main__.py",
    # What the system says of this process.
    "fixbot/engine/process_limits.py",
    # What the package itself has beside its code.
    "fixbot/rules/rule.py", "fixbot/report/html/__init__.py", "fixbot/onboarding/action_reference.py",
    "fixbot/cli/init.py",
    "fixbot/dialects/pod_places.py", "fixbot/iam/table.py", "fixbot/knowledge/image_tables.py",
    "fixbot/knowledge/elb_policies.py", "fixbot/rules/terraform_replacements.py",
    "fixbot/validity/request_shapes.py",
}  # fmt: skip
OPENERS = re.compile(
    r"(os\.|io\.)?open|os\.fdopen|.*\.(read_bytes|read_text|write_bytes|write_text)", re.DOTALL
)
MODE = re.compile(r"[rwabx+t]{1,3}")


def calls(path: Path) -> Iterator[ast.Call]:
    tree = tree_of(path)
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
