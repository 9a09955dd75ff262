"""What the wheel holds, and that a program installed from it finds its own pages and settings."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TASK = '{"family": "web", "containerDefinitions": [{"name": "app", "image": "app:1", "essential": true}]}\n'


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
