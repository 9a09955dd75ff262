"""What the Action runs before fixbot is there: names its libraries for the cache, and installs them.

`name` sets the outputs `folder` and `key`; `install` makes a virtual environment of the wheels in that folder
and sets the output `python`. What a cache held is checked by its hash like anything from the network.
Needs nothing but Python 3.11.
"""
# ruff: noqa: INP001 - a script, not a package

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
LOCK = HOME / "requirements-runtime.lock"
REDIRECTING = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIRE_VIRTUALENV", "PIP_NO_DEPS")
"""Settings of pip's that would lead packages elsewhere; where they come from stays the job's own say."""


def main() -> int:
    """Do one of the two; 1 where it could not be done."""
    temporary = Path(os.environ["RUNNER_TEMP"])
    folder = temporary / "fixbot-wheels"
    if sys.argv[1:] == ["name"]:
        outputs(folder=str(folder), key=key())
        return 0
    python = made(temporary / "fixbot-venv")
    if not installed(python, folder):
        shutil.rmtree(folder, ignore_errors=True)
        if not fetched(python, folder) or not installed(python, folder):
            sys.stdout.write(
                "::error title=fixbot::its libraries can't be installed; the lines above say why\n"
            )
            return 1
    outputs(python=str(python))
    return 0


def key() -> str:
    """The same for the same libraries on the same kind of machine and Python."""
    lock = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:20]
    where = f"{sysconfig.get_platform()}-{platform.machine()}-{sys.implementation.cache_tag}"
    return f"fixbot-wheels-{where}-{lock}"


def made(folder: Path) -> Path:
    """A new virtual environment that knows this checkout; returns its Python."""
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True, symlinks=os.name != "nt")
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    answer = subprocess.run([python, "-I", "-c", code], check=True, capture_output=True, text=True)
    (Path(answer.stdout.strip()) / "fixbot-action.pth").write_text(f"{HOME}\n", encoding="utf-8")
    return python


def installed(python: Path, folder: Path) -> bool:
    """Install from the folder alone; whether everything was there, and as the lock says."""
    return folder.is_dir() and pip(
        python, "install", "--no-index", "--find-links", str(folder), "--no-deps", "--no-compile"
    )


def fetched(python: Path, folder: Path) -> bool:
    """Fill the folder from the package index."""
    return pip(python, "download", "--no-deps", "--only-binary", ":all:", "--dest", str(folder))


def pip(python: Path, verb: str, *words: str) -> bool:
    """Whether pip could do it, with each hash as the lock says."""
    environment = {name: value for name, value in os.environ.items() if name not in REDIRECTING}
    common = ("--quiet", "--disable-pip-version-check", "--require-hashes", "--requirement", str(LOCK))
    command = [str(python), "-I", "-m", "pip", verb, *words, *common]
    return subprocess.run(command, env=environment, check=False).returncode == 0


def outputs(**values: str) -> None:
    """Set outputs of the step; a path with a line end in it is none that a runner has."""
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        file.writelines(f"{name}={value}\n" for name, value in values.items() if "\n" not in value)


if __name__ == "__main__":
    sys.exit(main())
