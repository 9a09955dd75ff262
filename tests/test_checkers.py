"""`--thorough`: what a checkout plants for checkers, version managers and Python stays what it is, text."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fixbot.programs import Programs, find_programs
from fixbot.programs.lookup import find_program, search_path
from fixbot.programs.start import (
    GIVEN,
    FinishedProgram,
    ProgramLimits,
    ProgramTask,
    UnfinishedProgram,
    run_program,
)
from tests.oracle.runs import Answer, Repository

STACK = """\
Resources:
  T:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Name: a
          Image: busybox:1
          LogConfiguration: {LogDriver: awslogs}
"""
TERRAFORM = """\
resource "aws_ecs_task_definition" "a" {
  family                = "a"
  container_definitions = jsonencode([{ name = "a", image = "b", essential = true }])
}
"""
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {containers: [{name: web, image: "web:1"}]}
"""
RECORDER = f"""\
#!{sys.executable}
import json, os, pathlib, sys
here, seen = pathlib.Path.cwd(), pathlib.Path("SEEN")
above = [str(each) for folder in (here, *here.parents) for each in folder.glob(".t*") if each.is_file()]
row = {{
    "name": pathlib.Path(sys.argv[0]).name, "cwd": str(here), "files": os.listdir("."), "above": above,
    "environment": dict(os.environ), "home": os.listdir(os.environ["HOME"]),
    "words": sys.argv[1:], "path": sys.path,
}}
with seen.open("a") as file:
    file.write(json.dumps(row) + "\\n")
if sys.argv[1] == "fmt":
    sys.stdout.write(sys.stdin.read())
else:
    print("[]")
"""
CANARY = "ghp_CANARYtoken"
TOKENS = (
    "GITHUB_TOKEN", "GH_TOKEN", "GH_ENTERPRISE_TOKEN", "FIXBOT_APP_PRIVATE_KEY", "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_CONFIG_FILE", "ACTIONS_RUNTIME_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "TF_TOKEN_app_terraform_io", "TF_CLI_ARGS", "TF_CLI_ARGS_fmt",
    "TF_CLI_CONFIG_FILE", "TF_LOG_PATH", "TF_DATA_DIR", "TF_PLUGIN_CACHE_DIR", "TERRAFORM_CONFIG",
    "PYTHONSTARTUP", "PYTHONBREAKPOINT", "PYTHONUSERBASE",
    "LD_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES", "DYLD_LIBRARY_PATH", "GIT_DIR", "GIT_SSH_COMMAND",
    "NPM_TOKEN", "VAULT_TOKEN", "SSH_AUTH_SOCK", "BASH_ENV", "ENV", "ASDF_DIR", "TFENV_CONFIG_DIR",
    "MISE_CONFIG_DIR",
    "CFN_LINT_CONFIG", "HTTPS_PROXY", "SECRET",
)  # fmt: skip
MODULES = (
    "kubernetes_validate", "cfnlint", "signal", "typer", "fixers", "yaml", "ruamel", "github", "boto3",
    "resource", "ctypes", "subprocess", "tempfile", "zlib", "decimal", "textwrap", "shlex", "multiprocessing",
    "tree_sitter",
)  # fmt: skip
"""What fixbot imports, or its checkers do, once it has begun."""
AT_ONCE = ("sitecustomize", "usercustomize", "contextlib", "json", "re", "os", "site", "encodings")
"""What Python itself may import before a program begins."""
PROGRAMS = (
    "cfn-lint", "terraform", "tofu", "git", "python3", "sh", "bin/cfn-lint", "bin/terraform", "bin/git",
    "node_modules/.bin/cfn-lint",
)  # fmt: skip
EVIL = "import pathlib; pathlib.Path({!r}).write_text('ran')\n"


def plant(folder: Path, marker: Path) -> None:
    """Everything that a checker, a version manager or Python might read where it is started."""
    code = EVIL.format(str(marker))
    shell = f"#!/bin/sh\ntouch {marker}\necho '[]'\n"
    rc = f"append_rules: [{folder}/rules, rules]\noutput_file: {marker}\ncustom_rules: {folder}/custom.txt\n"
    texts = {
        **dict.fromkeys((".cfnlintrc", ".cfnlintrc.yaml", ".cfnlintrc.yml"), rc),
        "rules/Evil.py": code, "rules/__init__.py": code, "custom.txt": "AWS::S3::Bucket Name == x\n",
        **dict.fromkeys((".tool-versions", ".terraform-version", ".opentofu-version"), "terraform 0.0.1\n"),
        "mise.toml": f"[env]\n_.source = '{folder}/env.sh'\n[tools]\nterraform = '0.0.1'\n",
        ".mise.toml": "[tools]\nterraform = '0.0.1'\n", "env.sh": f"touch {marker}\n",
        ".python-version": "0.0.1\n", ".envrc": f"touch {marker}\n", ".tfswitchrc": "0.0.1\n",
        **dict.fromkeys((".terraformrc", "terraform.rc", "main.tfrc"), 'credentials_helper "x" {}\n'),
        "terraform.d/plugins/x": "x", ".terraform/environment": "evil\n", "setup.cfg": "[x]\n",
        **{f"{name}.py": code for name in MODULES},
        "kubernetes_validate/__init__.py": code, "fixers/__init__.py": code, "fixbot_x/__init__.py": code,
        **dict.fromkeys(PROGRAMS, shell),
    }  # fmt: skip
    for name, text in texts.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o755)


@pytest.fixture
def shop(tmp_path: Path) -> Repository:
    """A repository that plants all it can, and recording checkers on PATH outside of it."""
    repository = Repository(tmp_path)
    (repository.folder / "stack.yaml").write_text(STACK)
    (repository.folder / "main.tf").write_text(TERRAFORM)
    (repository.folder / "pod.yaml").write_text(POD)
    plant(repository.folder, tmp_path / "marker")
    repository.commit()
    (tmp_path / "tools").mkdir()
    for name in ("cfn-lint", "terraform"):
        tool = tmp_path / "tools" / name
        tool.write_text(RECORDER.replace("SEEN", str(tmp_path / "seen")))
        tool.chmod(0o755)
    return repository


def fixbot(
    shop: Repository,
    *words: str,
    at: Path | None = None,
    module: bool = False,
    more: dict[str, str] | None = None,
) -> Answer:
    top = shop.folder
    path = [".", "", "bin", str(top), f"{top}/bin", f"{top}/node_modules/.bin", str(top.parent / "tools")]
    environment = {
        **shop.environment, "PATH": os.pathsep.join([*path, os.environ["PATH"]]),
        **dict.fromkeys(TOKENS, CANARY), **(more or {}),
    }  # fmt: skip
    command = [sys.executable, "-m", "fixbot"] if module else [str(Path(sys.executable).with_name("fixbot"))]
    done = subprocess.run(
        [*command, *words],
        cwd=at or top, env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    return Answer(done.returncode, done.stdout, done.stderr)


def seen(shop: Repository) -> list[dict[str, object]]:
    file = shop.folder.parent / "seen"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


COMMANDS = [("scan",), ("run",), ("run", "--write"), ("run", "--branch"), ("run", "--jobs", "2")]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("inside", [True, False], ids=["here", "elsewhere"])
def test_checkers_see_nothing_of_the_checkout_and_no_token(
    shop: Repository, tmp_path: Path, words: tuple[str, ...], inside: bool
) -> None:
    path = "." if inside else str(shop.folder)
    answer = fixbot(
        shop, words[0], path, "--thorough", *words[1:], "--no-cache", at=None if inside else tmp_path
    )
    assert answer.code in (0, 1), answer.all
    assert not (tmp_path / "marker").exists()
    rows = seen(shop)
    assert {row["name"] for row in rows} == {"cfn-lint", "terraform"}
    for row in rows:
        assert (row["files"], row["home"], row["above"]) == ([], [], [])
        assert CANARY not in json.dumps(row)
        assert str(shop.folder) not in json.dumps(row)
        environment = row["environment"]
        assert isinstance(environment, dict)
        assert not [
            name for name in environment if name.startswith(("PYTHON", "GIT_", "LD_", "DYLD_", "AWS_"))
        ]
    assert not list(tmp_path.glob("home/cache/fixbot/programs/*"))


@pytest.mark.parametrize("text", ["thorough: true\n", "thorough: true\nenforce: [thorough]\n"])
@pytest.mark.parametrize("words", [("scan",), ("run",), ("run", "--write")], ids=" ".join)
def test_a_repository_does_not_switch_checkers_on(
    shop: Repository, tmp_path: Path, words: tuple[str, ...], text: str
) -> None:
    (shop.folder / ".fixbot.yml").write_text(text)
    fixbot(shop, words[0], ".", *words[1:], "--no-cache")
    assert seen(shop) == []
    assert not (tmp_path / "marker").exists()


def test_whoever_runs_it_may_in_a_settings_file_and_is_told_which_are_asked(
    shop: Repository, tmp_path: Path
) -> None:
    (tmp_path / "mine.yml").write_text("thorough: true\n")
    answer = fixbot(shop, "scan", ".", "--config", str(tmp_path / "mine.yml"), "--no-cache")
    assert {row["name"] for row in seen(shop)} == {"cfn-lint", "terraform"}
    tools = f"{tmp_path}/tools/cfn-lint, {tmp_path}/tools/terraform"
    assert f"asked as well: {tools}; not found outside of the checkout: kubernetes-validate" in answer.err


@pytest.mark.parametrize("variable", ["TMPDIR", "HOME", "XDG_CACHE_HOME"])
def test_no_folder_of_the_checkout_is_one_to_run_in(shop: Repository, variable: str) -> None:
    (shop.folder / "t").mkdir()
    answer = fixbot(shop, "scan", ".", "--thorough", "--no-cache", more={variable: str(shop.folder / "t")})
    assert answer.code == 1, answer.all
    assert {row["name"] for row in seen(shop)} == {"cfn-lint", "terraform"}
    assert str(shop.folder) not in json.dumps(seen(shop))


@pytest.mark.parametrize("python_path", ["", ".", "HERE", "HERE/rules:."])
@pytest.mark.parametrize("module", [True, False], ids=["module", "command"])
@pytest.mark.parametrize("words", [("scan", "."), ("rules",), ("init", "--dry-run")], ids=" ".join)
def test_nothing_of_the_checkout_is_imported(
    shop: Repository, tmp_path: Path, words: tuple[str, ...], module: bool, python_path: str
) -> None:
    path = filter(None, [python_path.replace("HERE", str(shop.folder)), shop.environment["PYTHONPATH"]])
    answer = fixbot(shop, *words, module=module, more={"PYTHONPATH": os.pathsep.join(path)})
    assert "Traceback" not in answer.all
    assert answer.code in (0, 1), answer.all
    assert not (tmp_path / "marker").exists()


@pytest.mark.parametrize("words", [("scan", "."), ("rules",)], ids=" ".join)
def test_the_command_takes_nothing_at_all_from_the_current_folder(
    shop: Repository, tmp_path: Path, words: tuple[str, ...]
) -> None:
    for name in AT_ONCE:
        (shop.folder / f"{name}.py").write_text(EVIL.format(str(tmp_path / "marker")))
    assert fixbot(shop, *words).code in (0, 1)
    assert not (tmp_path / "marker").exists()


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    (tmp_path / "scratch").mkdir()
    found = find_programs(
        os.environ, [str(tmp_path / "scratch")], [str(tmp_path / "none")], sys.executable, kubernetes=False
    )
    assert found is not None
    return found


def shell(
    text: str, programs: Programs, limits: ProgramLimits | None = None, **more: bytes
) -> FinishedProgram | UnfinishedProgram:
    task = ProgramTask("/bin/sh", ("-c", text), files=more, limits=limits or ProgramLimits())
    return run_program(task, programs)


def test_a_program_is_ended_with_all_that_it_started(programs: Programs, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    for text in (
        f"sleep 600 & echo $! > {pid}",
        f"sleep 600 & echo $! > {pid}; wait",
        f"setsid sh -c 'echo $$ > {pid}; exec sleep 600' & wait",
        f"setsid sh -c 'echo $$ > {pid}; exec sleep 600' & while ! test -s {pid}; do sleep 0.1; done",
    ):
        pid.unlink(missing_ok=True)
        came = shell(text, programs, ProgramLimits(seconds=2 if "wait" in text else 120))
        assert came == (
            UnfinishedProgram("it took longer than 2 seconds") if "wait" in text else FinishedProgram(0, b"")
        )
        end = time.monotonic() + 120
        while Path(f"/proc/{pid.read_text().strip()}").exists() and time.monotonic() < end:
            time.sleep(0.05)
        state = Path(f"/proc/{pid.read_text().strip()}/stat")
        assert not state.exists() or state.read_text().split()[2] == "Z"
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_program_has_limits(programs: Programs) -> None:
    assert shell("cat /dev/zero", programs, ProgramLimits(output=100_000)) == UnfinishedProgram(
        "it printed more than 100,000 bytes"
    )
    code = f'{sys.executable} -I -c "x = bytearray(3_000_000_000); print(len(x))"'
    assert shell(code, programs, ProgramLimits(memory=500_000_000)) == FinishedProgram(1, b"")
    assert isinstance(shell("exit 3", programs), FinishedProgram)
    assert shell("ulimit -c", programs) == FinishedProgram(0, b"0\n")
    gone = run_program(ProgramTask("/nowhere/at/all"), programs)
    assert gone == FinishedProgram(1, b"")


def test_a_program_reads_copies_below_a_folder_of_its_own(programs: Programs) -> None:
    came = shell(f"ls -A; ls -A ~; cat {GIVEN}/a; stat -c %F {GIVEN}/a; ls {GIVEN}", programs, a=b"text\n")
    assert came == FinishedProgram(0, b"text\nregular file\na\n")
    with pytest.raises(ValueError, match="no plain name"):
        run_program(ProgramTask("/bin/true", files={"../x": b""}), programs)


@pytest.mark.parametrize("entry", ["", ".", "bin", "./bin", "HERE", "HERE/bin", "LINK", "LINK/bin"])
def test_path_entries_that_a_checkout_could_fill_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    top = Path(os.path.realpath(tmp_path)) / "repo"
    (top / "bin").mkdir(parents=True)
    for tool in (top / "tool", top / "bin/tool"):
        tool.write_text("#!/bin/sh\n")
        tool.chmod(0o755)
    (tmp_path / "link").symlink_to(top)
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools/tool").symlink_to(top / "tool")
    monkeypatch.chdir(top)
    path = entry.replace("HERE", str(top)).replace("LINK", str(tmp_path / "link"))
    assert search_path(path, [str(top)]) == ()
    assert find_program("tool", path, [str(top)]) is None
    assert find_program("tool", str(tmp_path / "tools"), [str(top)]) is None
