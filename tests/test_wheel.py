"""What the wheel holds, and that a program installed from it alone does its job."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from fixbot import __version__

ROOT = Path(__file__).parent.parent
TASK = (
    '{"family": "web", "containerDefinitions": [{"name": "app", "image": "app:1", '
    '"logConfiguration": {"logDriver": "splunk"}}]}\n'
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def needed(wanted: Requirement) -> set[str]:
    """The names of what a distribution needs, and of what that needs, as it is installed here."""
    names: set[str] = set()
    for line in distribution(wanted.name).requires or ():
        each = Requirement(line)
        if any(each.marker is None or each.marker.evaluate({"extra": x}) for x in ("", *wanted.extras)):
            names |= {each.name, *needed(each)}
    return names


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment that holds the wheel, what it says that it needs, and nothing else.

    What it needs is copied from this environment, so that no package index is asked.
    """
    home = tmp_path_factory.mktemp("empty")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    (site,) = home.glob("lib/python*/site-packages")
    for name in needed(Requirement("fixbot")):
        for file in distribution(name).files or ():
            if ".." not in file.parts and file.parts[0] != "__pycache__":
                target = site.joinpath(*file.parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file.locate(), target)
    pip = [sys.executable, "-m", "pip", "--python", str(home / "bin" / "python")]
    subprocess.run([*pip, "install", "--quiet", "--no-index", str(wheel)], check=True)
    subprocess.run([*pip, "check"], check=True, capture_output=True)
    return home / "bin"


def fixbot(unpacked: Path, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The program as the wheel holds it: `-P` keeps this checkout out of sight."""
    environment = {**os.environ, "PYTHONPATH": str(unpacked)}
    command = [sys.executable, "-P", "-m", "fixbot", *words]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_it_leaves_two_packages_and_nothing_else(unpacked: Path) -> None:
    tops = {path.name for path in unpacked.iterdir() if not path.name.endswith(".dist-info")}
    assert tops == {"fixbot", "fixers"}


def test_it_holds_the_pages_the_default_settings_and_the_tables(unpacked: Path) -> None:
    pages = {path.name for path in (unpacked / "fixers" / "pages").glob("*.md")}
    assert pages == {path.name for path in (ROOT / "docs" / "fixers").glob("*.md")}
    assert (unpacked / "fixbot" / "data" / "default.yml").read_bytes() == (
        ROOT / "config" / "default.yml"
    ).read_bytes()
    assert (unpacked / "fixbot" / "data" / "images.json").is_file()
    assert (unpacked / "fixbot" / "py.typed").is_file()
    for name in ("report.css", "report.js"):
        source = ROOT / "fixbot" / "data" / name
        assert (unpacked / "fixbot" / "data" / name).read_bytes() == source.read_bytes()


def test_it_explains_and_repairs_by_itself(unpacked: Path, tmp_path: Path) -> None:
    (tmp_path / "task.json").write_text(TASK)
    explained = fixbot(unpacked, "explain", "readonly-root-filesystem", cwd=tmp_path)
    assert explained.returncode == 0, explained.stderr
    assert "Whose duty" in explained.stdout
    written = fixbot(unpacked, "run", "--write", "--no-cache", cwd=tmp_path)
    assert written.returncode == 0, written.stderr
    assert '"readonlyRootFilesystem": true' in (tmp_path / "task.json").read_text()


def test_the_metadata_names_no_other_home(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith("/METADATA"))
        metadata = archive.read(name).decode()
    assert "Name: fixbot" in metadata
    assert "Requires-Python: >=3.11" in metadata
    assert metadata.count("https://github.com/fixbot-dev/fixbot") == 3
    for minor in range(11, 15):
        assert f"Programming Language :: Python :: 3.{minor}" in metadata


def test_its_command_works_on_a_fresh_repository_in_an_empty_environment(
    installed: Path, tmp_path: Path
) -> None:
    (tmp_path / "task.json").write_text(TASK)
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home")}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [str(installed / "fixbot"), *words]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    assert run("--version").stdout == f"fixbot {__version__}\n"
    assert run("rules").stdout.count("\n") == len(list((ROOT / "docs" / "fixers").glob("*.md")))
    assert run("scan").returncode == 1
    shown = run("run")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert (tmp_path / "task.json").read_text() == TASK
    assert run("run", "--write").returncode == 0
    assert '"readonlyRootFilesystem": true' in (tmp_path / "task.json").read_text()
    assert run("scan").returncode == 0


def test_it_needs_no_tool_of_ours(installed: Path) -> None:
    names = {path.name.partition("-")[0] for path in installed.parent.glob("lib/*/site-packages/*.dist-info")}
    assert "fixbot" in names
    assert not names & {"pytest", "mypy", "ruff", "moto", "zensical", "hatchling", "jsonschema", "PyYAML"}


def test_a_release_is_the_same_bytes_twice(tmp_path: Path) -> None:
    """`make dist` without the part that needs a package index: the wheel and the sdist."""
    copy = tmp_path / "elsewhere"
    shutil.copytree(
        ROOT,
        copy,
        ignore=shutil.ignore_patterns(".git", ".venv*", "dist", "build", ".*_cache", ".hypothesis"),
    )
    for path in copy.rglob("*.py"):
        os.utime(path, (1, 1))
    built: list[dict[str, bytes]] = []
    for folder, target in ((ROOT, tmp_path / "one"), (copy, tmp_path / "two")):
        subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-d", target],
            cwd=folder, check=True, capture_output=True,
            env={**os.environ, "SOURCE_DATE_EPOCH": "1750000000"},
        )  # fmt: skip
        built.append({path.name: path.read_bytes() for path in target.iterdir()})
    assert len(built[0]) == 2
    assert built[0] == built[1]
