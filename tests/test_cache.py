"""What is remembered between runs, and that nothing but time is lost with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixbot.engine.user_cache import Cache, find_cache_folder, find_own_cache
from tests.test_cli import fixbot
from tests.test_gate_cli import BAD

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "cache"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(), JSON)
def test_what_is_put_in_comes_out(folder: Path, key: str, value: object) -> None:
    Cache(folder, ["0.1", "settings"]).write_value(key, value)  # type: ignore[arg-type]
    assert Cache(folder, ["0.1", "settings"]).read_value(key) == value


def test_another_version_configuration_or_key_finds_nothing(folder: Path) -> None:
    Cache(folder, ["a", "b"]).write_value("k", 1)
    assert [
        Cache(folder, parts).read_value("k") for parts in (["a", "c"], ["ab"], ["a"], ["a", "b", "k"])
    ] == [None] * 4
    assert Cache(folder, ["a", "b"]).read_value("K") is None


def test_only_the_user_can_read_it(folder: Path) -> None:
    Cache(folder, []).write_value("k", 1)
    assert [path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())] == [0o700, 0o600]


@pytest.mark.parametrize("damage", [b"", b"x", b"00000000\n1", b"\xff" * 50, b"00000000\n" + b"[" * 100_000])
def test_a_damaged_entry_is_absent(folder: Path, damage: bytes) -> None:
    cache = Cache(folder, [])
    cache.write_value("k", {"a": "long enough to be damaged"})
    (entry,) = folder.iterdir()
    whole = entry.read_bytes()
    for data in (damage, whole[:-1], whole + b" ", whole.replace(b"long", b"lung")):
        entry.write_bytes(data)
        assert cache.read_value("k") is None
    cache.write_value("k", 2)
    assert cache.read_value("k") == 2


def test_deleting_it_at_any_time_is_safe(folder: Path) -> None:
    cache = Cache(folder, [])
    cache.write_value("k", 1)
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    assert cache.read_value("k") is None
    cache.write_value("k", 1)  # not kept in this run, and no trouble
    again = Cache(folder, [])
    again.write_value("k", 1)
    assert again.read_value("k") == 1


def test_a_folder_that_can_not_be_used_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "shared").mkdir(mode=0o777)
    (tmp_path / "shared").chmod(0o777)
    (tmp_path / "own").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to("own")
    for folder in (
        None,
        tmp_path / "file",
        tmp_path / "file/below",
        tmp_path / "shared",
        tmp_path / "link",
        Path("/proc/x"),
    ):
        cache = Cache(folder, [])
        cache.write_value("k", 1)
        assert cache.read_value("k") is None
    assert list((tmp_path / "shared").iterdir()) == list((tmp_path / "own").iterdir()) == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_not_trusted(folder: Path) -> None:
    folder.mkdir(parents=True, mode=0o700)
    os.chown(folder, 1234, 1234)
    cache = Cache(folder, [])
    cache.write_value("k", 1)
    assert list(folder.iterdir()) == []


def test_it_stays_within_its_size_and_the_oldest_go_first(folder: Path) -> None:
    value = "x" * 1000
    for number in range(40):
        cache = Cache(folder, [], largest=10_000)
        cache.write_value(str(number), value)
        for path in folder.iterdir():  # all that is there so far grows a second older
            state = path.stat()
            os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns - 10**9))
        cache.read_value("0")
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 10_000
    assert cache.read_value("39") == cache.read_value("0") == value
    assert cache.read_value("1") is None
    cache.write_value("huge", "x" * 5000)
    assert cache.read_value("huge") is None


def test_one_long_run_stays_within_its_size_too(folder: Path) -> None:
    cache = Cache(folder, [], largest=100_000)
    for number in range(1000):
        cache.write_value(str(number), "x" * 1000)
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 125_000


def test_a_full_disk_keeps_nothing_and_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(folder, [])

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    cache.write_value("k", 1)
    assert list(folder.iterdir()) == []


RUNNER = """
import sys
from pathlib import Path
from fixbot.engine.user_cache import Cache
cache = Cache(Path(sys.argv[1]), [], largest=60_000)
for turn in range(300):
    cache.write_value(str(turn % 7), [sys.argv[2]] * 300)
    value = cache.read_value(str(turn % 7))
    assert value is None or len(value) == 300 == value.count(value[0]), value
"""


def test_two_runs_at_once_never_see_half_an_entry(folder: Path) -> None:
    top = Path(__file__).parent.parent
    runs = [subprocess.Popen([sys.executable, "-c", RUNNER, str(folder), name], cwd=top) for name in "ab"]
    assert [run.wait() for run in runs] == [0, 0]
    assert not [path for path in folder.iterdir() if path.name.endswith(".tmp")]


def test_a_value_that_is_no_json_is_a_mistake_of_ours(folder: Path) -> None:
    with pytest.raises(TypeError):
        Cache(folder, []).write_value("k", {1, 2})  # type: ignore[arg-type]
    assert json.dumps(Cache(folder, []).read_value("k")) == "null"


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        ({"XDG_CACHE_HOME": "/c", "HOME": "/h"}, "linux", "/c/fixbot"),
        ({"XDG_CACHE_HOME": "c", "HOME": "/h"}, "linux", "/h/.cache/fixbot"),
        ({"HOME": "/h"}, "darwin", "/h/Library/Caches/fixbot"),
        ({}, "linux", None),
        ({"HOME": ""}, "linux", None),
        ({"LOCALAPPDATA": "/local", "HOME": "/h"}, "win32", "/local/fixbot/cache"),
        ({"HOME": "/h"}, "win32", None),
    ],
)
def test_where_it_is(environment: dict[str, str], platform: str, expected: str | None) -> None:
    assert find_cache_folder(environment, platform) == (Path(expected) if expected else None)


def test_a_cache_behind_a_link_of_the_checkout_is_none(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    (shop / ".git").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (shop / ".cache").symlink_to(tmp_path / "outside")
    for environment in ({"XDG_CACHE_HOME": str(shop / ".cache")}, {"HOME": str(shop)}):
        assert find_own_cache(environment, str(shop)) is None
    assert find_own_cache({"HOME": str(tmp_path)}, str(shop)) == tmp_path / ".cache" / "fixbot"


def test_what_could_be_a_files_name_in_a_list_is_not_kept(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "kustomization.yaml").write_text(
        "resources: [a.yaml]\nsecretGenerator:\n- name: s\n  literals:\n  - pw=CANARYone\n"
        "patches:\n- target: {kind: Deployment}\n  patch: |\n    - CANARYtwo\n"
    )
    (work / "a.yaml").write_text(BAD)
    runs = [fixbot("run", at=work).out for _ in range(2)]
    assert "Drop privileged mode" in runs[0]
    kept = b"".join(each.read_bytes() for each in (tmp_path / "cache").rglob("*") if each.is_file())
    assert b"kustomization.yaml" in kept
    assert b"CANARY" not in kept


def test_a_file_that_was_named_before_it_came_is_seen(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "main.tf").write_text(
        'resource "aws_ecs_task_definition" "t" {\n  family = "t"\n'
        '  container_definitions = file("task.txt")\n}\n'
    )
    assert "privileged" not in fixbot("scan", at=work).out
    containers = [{"name": "a", "image": "x", "privileged": True}]
    (work / "task.txt").write_text(json.dumps(containers))
    assert "privileged" in fixbot("scan", at=work).out
