"""Links, pipes and devices that a checkout brings along: settings, reports and `init` stay clear of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fixbot.checkout.git_home import stranger_folders
from fixbot.checkout.named_files import find_planted_link
from tests.oracle.runs import Answer, Repository

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: web:1
"""
CANARY = "CANARYhunter2"
Plant = Callable[[Path], object]


@pytest.fixture
def shop(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path)
    (repository.folder / "pod.yaml").write_text(POD)
    repository.commit()
    return repository


def fixbot(shop: Repository, *words: str, at: Path | None = None, seconds: int = 300) -> Answer:
    done = subprocess.run(
        [sys.executable, "-m", "fixbot", *words],
        cwd=at or shop.folder, env=shop.environment, capture_output=True, text=True, check=False,
        timeout=seconds,
    )  # fmt: skip
    return Answer(done.returncode, done.stdout, done.stderr)


def link_out(file: Path) -> None:
    secret = file.parent.parent / "shadow"
    secret.write_text(f"root:{CANARY}: {CANARY}\n{CANARY}: x\n")
    file.symlink_to(secret)


def huge(file: Path) -> None:
    with file.open("wb") as sparse:
        sparse.truncate(2_000_000_000)


ODD: dict[str, Plant] = {
    "a link out": link_out,
    "a link to a device": lambda file: file.symlink_to("/dev/zero"),
    "a link to nothing": lambda file: file.symlink_to("nothing"),
    "a link to itself": lambda file: file.symlink_to(file.name),
    "a link to a file here": lambda file: file.symlink_to("pod.yaml"),
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
    "two gigabytes": huge,
    "UTF-16": lambda file: file.write_bytes("exclude: []\n".encode("utf-16")),
    "NUL": lambda file: file.write_bytes(b"exclude: []\0\n"),
}


@pytest.mark.parametrize("name", [".fixbot.yml", ".fixbot.yaml"])
@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("command", [("scan", "."), ("run", "."), ("init",)], ids=lambda words: words[0])
def test_odd_settings_are_refused_in_one_line(
    shop: Repository, kind: str, name: str, command: tuple[str, ...]
) -> None:
    ODD[kind](shop.folder / name)
    answer = fixbot(shop, *command)
    assert answer.code == 2, answer.all
    assert answer.err.count("\n") == 1
    assert name in answer.err
    assert CANARY not in answer.all


@pytest.mark.parametrize("kind", ["a link out", "a link to a device", "a pipe", "a folder", "two gigabytes"])
def test_a_named_settings_file_in_the_checkout_is_no_way_out_either(shop: Repository, kind: str) -> None:
    ODD[kind](shop.folder / "ci.yml")
    for words in (("--config", "ci.yml"), ("--config", str(shop.folder / "ci.yml"))):
        answer = fixbot(shop, "scan", ".", *words)
        assert answer.code == 2, answer.all
        assert answer.err.count("\n") == 1
        assert CANARY not in answer.all


def test_a_user_s_own_settings_may_come_by_a_link_and_a_pipe(shop: Repository, tmp_path: Path) -> None:
    (tmp_path / "mine.yml").write_text("rules: {skip: [nothing-of-the-kind]}\n")
    (tmp_path / "link.yml").symlink_to("mine.yml")
    assert "nothing-of-the-kind" in fixbot(shop, "scan", ".", "--config", str(tmp_path / "link.yml")).err
    words = f'exec "{sys.executable}" -m fixbot scan . --config <(cat "{tmp_path}/mine.yml")'
    done = subprocess.run(
        ["bash", "-c", words],
        cwd=shop.folder,
        env=shop.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "nothing-of-the-kind" in done.stderr
    assert fixbot(shop, "scan", ".", "--config", "/dev/zero").code == 2


def test_settings_above_a_folder_that_is_no_repository_count_for_their_owner_alone(
    shop: Repository, tmp_path: Path
) -> None:
    plain = tmp_path / "shared/mine"
    plain.mkdir(parents=True)
    (plain / "pod.yaml").write_text(POD)
    above = tmp_path / "shared/.fixbot.yml"
    above.write_text('exclude: ["**"]\n')
    assert fixbot(shop, "scan", ".", at=plain).code == 0
    os.chown(above, 12345, -1)
    answer = fixbot(shop, "scan", ".", at=plain)
    assert answer.code == 1
    assert f"{above} belongs to another user, so it does not count" in answer.err


FORMATS = [
    ("patch", "fixbot.patch"),
    ("json", "r.json"),
    ("sarif", "r.sarif"),
    ("html", "r.html"),
    ("text", "r"),
]


@pytest.mark.parametrize(("form", "name"), FORMATS)
def test_a_report_replaces_a_link_and_never_follows_it(
    shop: Repository, tmp_path: Path, form: str, name: str
) -> None:
    victim = tmp_path / "bashrc"
    victim.write_text("mine\n")
    (shop.folder / name).symlink_to("../bashrc")
    answer = fixbot(shop, "run", ".", "--format", form, "--output", name)
    assert answer.code == 0, answer.all
    assert victim.read_text() == "mine\n"
    assert not (shop.folder / name).is_symlink()
    assert (shop.folder / name).stat().st_size > 0


@pytest.mark.parametrize(
    "way", ["out/r.json", "sub/out/r.json", "./out/../out/r.json", "ABSOLUTE/out/r.json"]
)
def test_a_report_goes_nowhere_by_a_folder_s_link(shop: Repository, tmp_path: Path, way: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (shop.folder / "sub").mkdir()
    (shop.folder / "out").symlink_to("../outside")
    (shop.folder / "sub/out").symlink_to("../../outside")
    answer = fixbot(
        shop, "run", ".", "--format", "json", "--output", way.replace("ABSOLUTE", str(shop.folder))
    )
    assert answer.code == 1
    assert "symbolic link that leads out of the checkout" in answer.err
    assert list(outside.iterdir()) == []


def test_a_pipe_or_folder_in_the_checkout_takes_no_report(shop: Repository) -> None:
    os.mkfifo(shop.folder / "pipe.json")
    (shop.folder / "folder.json").mkdir()
    for name in ("pipe.json", "folder.json"):
        answer = fixbot(shop, "run", ".", "--format", "json", "--output", name)
        assert answer.code == 1
        assert answer.err.count("cannot be written") == 1


def test_streams_pipes_and_links_outside_take_reports_as_ever(shop: Repository, tmp_path: Path) -> None:
    assert '"findings"' in fixbot(shop, "run", ".", "--format", "json", "--output", "/dev/stdout").out
    assert Path("/dev/stdout").is_symlink()
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert fixbot(shop, "run", ".", "--format", "json", "--output", "../link/r.json").code == 0
    assert (tmp_path / "real/r.json").exists()
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", str(tmp_path / "pipe")], stdout=subprocess.PIPE) as reader:
        assert fixbot(shop, "run", ".", "--format", "json", "--output", "../pipe").code == 0
        assert b'"findings"' in reader.communicate(timeout=300)[0]
    for stream in ("/dev/stdout", "/dev/fd/1", "-"):
        words = f'exec "{sys.executable}" -m fixbot run . --format patch --output {stream} > {tmp_path}/taken'
        done = subprocess.run(["sh", "-c", words], cwd=shop.folder, env=shop.environment, check=False)
        assert done.returncode == 2
    assert (tmp_path / "taken").read_text() == ""


@pytest.mark.parametrize(
    "place", [".github", ".github/workflows", ".fixbot.yml", ".github/workflows/fixbot.yml"]
)
def test_init_makes_nothing_through_a_link(shop: Repository, tmp_path: Path, place: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (shop.folder / place).parent.mkdir(parents=True, exist_ok=True)
    (shop.folder / place).symlink_to(outside)
    before = outside.stat().st_mtime_ns
    answer = fixbot(shop, "init")
    assert answer.code in (1, 2)
    assert list(outside.iterdir()) == []
    assert outside.stat().st_mtime_ns == before


@pytest.mark.parametrize("where", ["..", "../..", "/"])
def test_init_and_write_stay_in_the_folder_that_holds_the_repository(
    shop: Repository, tmp_path: Path, where: str
) -> None:
    shop.git("config", "core.worktree", f"../{where}" if where.startswith(".") else where)
    (tmp_path / "above.yaml").write_text(POD)
    assert fixbot(shop, "run", ".", "--write").code == 0
    assert fixbot(shop, "init").code == 0
    assert (tmp_path / "above.yaml").read_text() == POD
    assert sorted(each.name for each in tmp_path.iterdir()) == ["above.yaml", "home", "repository"]
    assert (shop.folder / ".fixbot.yml").exists()


@pytest.mark.parametrize("words", [("scan",), ("run", "--write")], ids=" ".join)
def test_a_path_that_is_a_link_out_of_the_repository_is_refused(
    shop: Repository, tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/pod.yaml").write_text(POD)
    (shop.folder / "deploy").symlink_to("../other")
    (shop.folder / "out.yaml").symlink_to("../other/pod.yaml")
    for path in ("deploy", "out.yaml", str(shop.folder / "deploy"), "deploy/pod.yaml"):
        answer = fixbot(shop, words[0], path, *words[1:])
        assert answer.code == 2, answer.all
        assert "leads out of its repository" in answer.err
    assert (tmp_path / "other/pod.yaml").read_text() == POD
    (shop.folder / "same").symlink_to("pod.yaml")
    assert fixbot(shop, "run", "same").code == 0


def test_links_on_a_way_are_told_by_where_they_stand(tmp_path: Path) -> None:
    top = Path(os.path.realpath(tmp_path))
    for folder in ("repo/.git", "repo/in", "out"):
        (top / folder).mkdir(parents=True)
    links = {"repo/a": "../out", "repo/b": "in", "repo/c": str(top / "out"), "repo/d": "d", "l": "repo",
             "repo/e": "in/../a", "repo/in/up": "..", "repo/f": "/"}  # fmt: skip
    for name, target in links.items():
        (top / name).symlink_to(target)
    within = stranger_folders(str(top / "repo"))

    def met(path: str) -> str:
        return find_planted_link(str(top / path), within).removeprefix(f"{top}/")

    assert [met(f"repo/{name}/x") for name in "abcdef"] == [
        "repo/a", "", "repo/c", "repo/d", "repo/e", "repo/f",
    ]  # fmt: skip
    assert met("l/in/x") == ""
    assert met("repo/in/up/a/x").startswith("repo/")
    assert met("out/x") == ""
