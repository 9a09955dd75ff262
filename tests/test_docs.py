"""The docs are what the program is: made pages are fresh, links lead somewhere, commands exist."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from fixbot.__main__ import main
from fixbot.checkout import Checkout
from fixbot.engine.pipeline import run_pipeline
from fixbot.settings import Settings

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md"), *(ROOT / ".github").rglob("*.md")], key=str)
COMMAND = re.compile(r"^(?:\$ )?(fixbot [^#\n|>]*)", re.MULTILINE)
SHELL = re.compile(r"```sh\n(.*?)```", re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)|<img[^>]* src=\"(?!https?:)([^\"]+)\"")
UNTRUE = re.compile(r"\b(simply|please|obviously|just works)\b|!(?=\s|$)", re.IGNORECASE)


def made_pages() -> dict[Path, str]:
    spec = spec_from_file_location("docs_script", ROOT / "scripts" / "docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    pages = module.pages()
    assert isinstance(pages, dict)
    return pages


def test_made_pages_are_what_the_program_says_today() -> None:
    for path, text in made_pages().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is old: make docs"


def test_every_page_is_in_the_menu() -> None:
    menu = (ROOT / "zensical.toml").read_text(encoding="utf-8")
    missing = [name for path in DOCS.rglob("*.md") if (name := path.relative_to(DOCS).as_posix()) not in menu]
    assert missing == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files_that_are_there(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for found in LINK.finditer(text):
        target = path.parent / (found[1] or found[2])
        assert target.exists(), f"{path.name}: {found[0]}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_in_the_docs_have_options_that_exist(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for block in SHELL.findall(path.read_text(encoding="utf-8")):
        for found in COMMAND.finditer(block.replace("\\\n", " ")):
            command, *words = shlex.split(found[1])[1:] or ["--help"]
            if not command.startswith("-"):
                assert main([command, "--help"]) == 0, found[0]
                known = capsys.readouterr().out
                if "COMMAND [ARGS]" in known:
                    assert main([command, words[0], "--help"]) == 0, found[0]
                    known = capsys.readouterr().out
                for word in words:
                    if word.startswith("--"):
                        assert word.partition("=")[0] in known, found[0]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_are_plainly_worded(path: Path) -> None:
    text = re.sub(r"```.*?```|`[^`]*`", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert UNTRUE.findall(text) == []


def test_the_site_builds_strictly(tmp_path: Path) -> None:
    """Zensical itself follows every link and anchor between pages, and fails where one leads nowhere."""
    environment = {**os.environ, "NO_COLOR": "1"}
    copy = tmp_path / "docs"
    copy.mkdir()
    subprocess.run(["cp", "-R", str(DOCS), str(ROOT / "zensical.toml"), str(copy)], check=True)
    command = [str(Path(sys.executable).parent / "zensical"), "build", "--clean", "--strict"]
    built = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    page = (copy / "site" / "index.html").read_text(encoding="utf-8")
    assert "fonts.googleapis.com" not in page
    (copy / "docs" / "bad.md").write_text("[nowhere](gone.md)\n")
    broken = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    assert broken.returncode != 0


def test_the_rule_that_the_page_shows_finds_and_fixes(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "add-a-fixer.md").read_text()
    code = text.partition("```python\n")[2].partition("```")[0]
    space: dict[str, Any] = {"__name__": "database_public"}
    exec(compile(code, "add-a-fixer.md", "exec"), space)  # noqa: S102 - the page's own example
    template = "Resources:\n  Db:\n    Type: AWS::RDS::DBInstance\n"
    template += "    Properties:\n      PubliclyAccessible: {}\n"
    (tmp_path / "stack.yaml").write_text(template.format("true"))
    (patch,) = run_pipeline(Checkout.open_checkout(str(tmp_path)), (space["rule"],), Settings()).patches
    assert patch.after == template.format("false")
