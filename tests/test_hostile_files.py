"""Files that are no files, lie, vanish or fight back; and writing that is whole or not at all."""

from __future__ import annotations

import errno
import os
import pickle
import resource
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixbot.checkout import Checkout, Content, FileChange
from fixbot.model.errors import FixbotError
from fixbot.model.findings import Refusal, Unread

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = hasattr(os, "getuid") and os.getuid() == 0


def reason(folder: Path, name: str) -> str:
    answer = Checkout.open_checkout(str(folder)).read_file(name)
    assert isinstance(answer, Unread)
    assert len(answer.reason.splitlines()) == 1
    return answer.reason


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


# Reading


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_what_is_read_is_what_is_there_or_nothing(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.yaml").write_bytes(data)
    answer = Checkout.open_checkout(str(tmp_path)).read_file("a.yaml")
    if isinstance(answer, Content):
        assert answer.text.encode() == answer.data == data
    else:
        pointer = data.startswith(b"version https://git-lfs.github.com/")
        assert pointer or b"\0" in data or data.decode(errors="replace").encode() != data


def test_bom_and_line_ends_stay(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\rc: \xc3\xa4")
    answer = Checkout.open_checkout(str(tmp_path)).read_file("a.yaml")
    assert isinstance(answer, Content)
    assert answer.text == "\ufeffa: 1\r\nb: 2\rc: ä"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("a: ä".encode("utf-16"), "UTF-16"),
        ("a: ä".encode("utf-16-be"), "binary, or text in another encoding"),
        (b"\x7fELF\0\0", "binary"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n", "Git LFS"),
    ],
)
def test_what_is_no_utf_8_text_is_said(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "a.yaml").write_bytes(data)
    assert said in reason(tmp_path, "a.yaml")


def test_the_line_that_is_no_utf_8_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"a: 1\nb: caf\xe9 hunter2\n")
    answer = Checkout.open_checkout(str(tmp_path)).read_file("a.yaml")
    assert isinstance(answer, Unread)
    assert answer.line == 2
    assert "hunter2" not in answer.reason


def test_a_huge_file_costs_nothing(tmp_path: Path) -> None:
    with (tmp_path / "a.json").open("wb") as file:
        file.truncate(50_000_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert reason(tmp_path, "a.json") == "it is larger than 5 MB, the largest that is read"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kB: none of it was read


def test_the_largest_size_is_a_setting(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"12345")
    assert isinstance(Checkout.open_checkout(str(tmp_path), limit=5).read_file("a.json"), Content)
    assert isinstance(Checkout.open_checkout(str(tmp_path), limit=4).read_file("a.json"), Unread)


def test_pipes_sockets_devices_and_folders_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(tmp_path / "socket.yaml"))
    (tmp_path / "folder.yaml").mkdir()
    assert reason(tmp_path, "pipe.yaml") == "a named pipe, not a file"
    assert "socket" in reason(tmp_path, "socket.yaml")
    assert reason(tmp_path, "folder.yaml") == "a folder, not a file"
    assert reason(Path("/dev"), "null") == "a device, not a file"
    assert [entry.path for entry in Checkout.open_checkout(str(tmp_path)).entries] == [
        "pipe.yaml",
        "socket.yaml",
    ]


def test_links_are_never_followed(tmp_path: Path) -> None:
    tree, outside = tmp_path / "tree", tmp_path / "outside"
    tree.mkdir()
    outside.mkdir()
    (outside / "a.yaml").write_text("secret")
    (tree / "real.yaml").write_text("a")
    links: dict[str, str | Path] = {
        "in.yaml": "real.yaml",
        "out.yaml": "../outside/a.yaml",
        "one": "two",
        "two": "one",
        "no": "x",
        "dir": outside,
    }
    for name, target in links.items():
        (tree / name).symlink_to(target)
    assert reason(tree, "in.yaml") == "a symbolic link; its target is read where it stands"
    assert reason(tree, "out.yaml") == "a symbolic link out of this folder; it is not followed"
    assert reason(tree, "one") == "a symbolic link in a circle"
    assert reason(tree, "no") == "a symbolic link to nothing"
    assert "symbolic link" in reason(tree, "dir/a.yaml")
    for path in ("../outside/a.yaml", str(outside / "a.yaml"), "./../outside/a.yaml", ""):
        assert reason(tree, path) == "the path leads out of the folder"


def test_a_folder_that_becomes_a_link_after_listing_is_not_followed(tmp_path: Path) -> None:
    tree, outside = tmp_path / "tree", tmp_path / "outside"
    for folder in (tree / "sub", outside):
        folder.mkdir(parents=True)
        (folder / "a.yaml").write_text("a")
    checkout = Checkout.open_checkout(str(tree))
    (tree / "sub").rename(tmp_path / "moved")
    (tree / "sub").symlink_to(outside)
    assert isinstance(checkout.read_file("sub/a.yaml"), Unread)
    refused = checkout.write_file("sub/a.yaml", "b", b"a")
    assert refused is not None
    assert "symbolic link" in refused.reason
    assert (outside / "a.yaml").read_text() == "a"


def test_a_file_that_vanishes_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").touch()
    checkout = Checkout.open_checkout(str(tmp_path))
    (tmp_path / "a.yaml").unlink()
    assert checkout.read_file(checkout.entries[0]) == Unread(
        "a.yaml", None, "it vanished before it could be read"
    )


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may read everything; be someone else for a moment."""
    if not ROOT:
        yield
        return
    os.setegid(65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder that other users may enter, which pytest's own may not be."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        folder.chmod(0o755)
        yield folder
        folder.chmod(0o755)


def test_what_may_not_be_read_is_said_and_the_rest_is_served(open_to_all: Path) -> None:
    (open_to_all / "closed.yaml").write_text("a")
    (open_to_all / "closed.yaml").chmod(0)
    (open_to_all / "open.yaml").write_text("a")
    (open_to_all / "folder").mkdir(mode=0)
    with as_nobody():
        with pytest.raises(FixbotError, match=r"can't be listed: there is no permission to read it$"):
            Checkout.open_checkout(str(open_to_all / "folder"))
        checkout = Checkout.open_checkout(str(open_to_all))
        answers = [checkout.read_file(entry) for entry in checkout.entries]
    assert answers[0] == Unread("closed.yaml", None, "there is no permission to read it")
    assert isinstance(answers[1], Content)
    assert checkout.unread == (Unread("folder", None, "the folder can't be listed: permission denied"),)


def test_names_that_do_not_fit_on_a_line_are_not_read_and_named_as_they_are(tmp_path: Path) -> None:
    git = ["git", "init", "-q"]
    subprocess.run(git, cwd=tmp_path, check=True)
    odd = [os.fsdecode(name) for name in (b"a\nb.yaml", b"a\xffb.yaml", "a\u202eb.yaml".encode())]
    for name in odd:
        (tmp_path / name).write_text("a")
    (tmp_path / "ä b\u00a0c.yaml").write_text("a")
    for checkout in (
        Checkout.open_checkout(str(tmp_path)),
        Checkout.open_checkout(str(tmp_path / "ä b\u00a0c.yaml")),
    ):
        answers = [checkout.read_file(entry) for entry in checkout.entries]
        shown = {answer.path for answer in answers if isinstance(answer, Unread)}
        assert shown == (set(odd) if len(answers) > 1 else set())
        assert [answer.path for answer in answers if isinstance(answer, Content)] == ["ä b\u00a0c.yaml"]


def test_two_thousand_folders_deep(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=here)
        here, before = os.open("d", os.O_RDONLY, dir_fd=here), here
        os.close(before)
    os.close(os.open("a.yaml", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)
    checkout = Checkout.open_checkout(str(tmp_path))
    assert [entry.path for entry in checkout.entries] == ["d/" * 1500 + "a.yaml"]
    assert isinstance(checkout.read_file(checkout.entries[0]), Content)
    subprocess.run(["rm", "-rf", "d"], cwd=tmp_path, check=True)


def test_a_checkout_serves_threads_and_other_processes(tmp_path: Path) -> None:
    for number in range(200):
        (tmp_path / f"d{number}").mkdir()
        (tmp_path / f"d{number}/a.yaml").write_text(str(number))
    checkout = Checkout.open_checkout(str(tmp_path))
    wrong: list[str] = []

    def work() -> None:
        for entry in checkout.entries:
            answer = checkout.read_file(entry)
            if not isinstance(answer, Content) or f"d{answer.text}/a.yaml" != entry.path:
                wrong.append(entry.path)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert wrong == []
    assert isinstance(pickle.loads(pickle.dumps(checkout)).read_file("d1/a.yaml"), Content)  # noqa: S301


# Writing


def test_a_file_is_replaced_and_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "a.sh").write_bytes(b"old")
    (tmp_path / "a.sh").chmod(0o4751)
    if ROOT:
        os.chown(tmp_path / "a.sh", 1234, 4321)
        (tmp_path / "a.sh").chmod(0o4751)
    assert Checkout.open_checkout(str(tmp_path)).write_file("a.sh", "ä\r\n", b"old") is None
    state = (tmp_path / "a.sh").stat()
    assert (tmp_path / "a.sh").read_bytes() == "ä\r\n".encode()
    assert stat.S_IMODE(state.st_mode) == 0o4751
    assert not ROOT or (state.st_uid, state.st_gid) == (1234, 4321)
    assert names(tmp_path) == ["a.sh"]


@pytest.mark.parametrize("now", [b"new", b"older", b"ol", None])
def test_a_file_that_changed_during_the_run_is_left_alone(tmp_path: Path, now: bytes | None) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_bytes(b"old")
    checkout = Checkout.open_checkout(str(tmp_path))
    if now is None:
        (tmp_path / "b.yaml").unlink()
    else:
        (tmp_path / "b.yaml").write_bytes(now)
    refused = checkout.write_files([FileChange(name, b"old", b"fixed") for name in ("a.yaml", "b.yaml")])
    why = "it is no longer there" if now is None else "it was changed while fixbot was at work"
    assert refused == Refusal(f"b.yaml was not written: {why}")
    assert (tmp_path / "a.yaml").read_bytes() == b"old"
    assert now is None or (tmp_path / "b.yaml").read_bytes() == now
    assert not [name for name in names(tmp_path) if "tmp" in name]


def test_a_file_that_changes_in_the_last_moment_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", lambda _: (tmp_path / "a").write_bytes(b"own"))
    refused = Checkout.open_checkout(str(tmp_path)).write_file("a", "new", b"old")
    assert refused == Refusal("a was not written: it was changed while fixbot was at work")
    assert (tmp_path / "a").read_bytes() == b"own"


def test_new_files_come_with_their_folders_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "there.yaml").write_bytes(b"mine")
    (tmp_path / "link").symlink_to(tmp_path)
    checkout = Checkout.open_checkout(str(tmp_path))
    new = FileChange("x/y/new.yaml", None, b"new")
    for path, why in (
        ("there.yaml", "there is something of that name already"),
        ("link/z.yaml", "a folder on the way to it is a symbolic link or a file"),
        ("../z.yaml", "the path leads out of the folder"),
        ("a/.git/hooks/post-commit", "it belongs to git itself"),
    ):
        assert checkout.write_files([new, FileChange(path, None, b"b")]) == Refusal(
            f"{path} was not written: {why}"
        )
        assert names(tmp_path) == ["link", "there.yaml"]
    assert checkout.write_files([new]) is None
    assert (tmp_path / "x/y/new.yaml").read_bytes() == b"new"
    assert (tmp_path / "x/y/new.yaml").stat().st_mode & 0o777 == 0o666 & ~umask()
    assert names(tmp_path) == ["link", "there.yaml", "x", "x/y", "x/y/new.yaml"]


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_links_are_not_written_and_a_read_only_mark_is_kept_as_git_apply_does(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"old")
    (tmp_path / "link.yaml").symlink_to("a.yaml")
    checkout = Checkout.open_checkout(str(tmp_path))
    assert checkout.write_file("link.yaml", "new", b"old") == Refusal(
        "link.yaml was not written: it is a symbolic link"
    )
    (tmp_path / "a.yaml").chmod(0o444)
    assert checkout.write_file("a.yaml", "new", b"old") is None
    assert (tmp_path / "a.yaml").read_bytes() == b"new"
    assert (tmp_path / "a.yaml").stat().st_mode & 0o777 == 0o444


@pytest.mark.parametrize("call", ["replace", "link", "fsync", "write"])
@pytest.mark.parametrize("number", [1, 2])
def test_trouble_at_any_step_puts_everything_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"old")
    real, calls = getattr(os, call), iter(range(1, 99))

    def failing(*args: object, **named: object) -> object:
        if next(calls) == number:
            raise OSError(errno.EIO, "broken")
        return real(*args, **named)

    monkeypatch.setattr(os, call, failing)
    changes = [FileChange("a", b"old", b"1"), FileChange("d/n", None, b"2"), FileChange("b", b"old", b"3")]
    changes.append(FileChange("d/m", None, b"4"))
    refused = Checkout.open_checkout(str(tmp_path)).write_files(changes)
    assert refused is not None
    assert refused.reason.endswith("was not written: input/output error")
    assert names(tmp_path) == ["a", "b"]
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == b"old"


def test_what_can_not_be_put_back_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"old")
    real, calls = os.replace, iter(range(99))

    def failing(*args: str, **named: Any) -> None:
        if next(calls):
            raise OSError(errno.EROFS, "gone")
        real(*args, **named)

    monkeypatch.setattr(os, "replace", failing)
    changes = [FileChange(name, b"old", b"new") for name in ("a", "b")]
    assert Checkout.open_checkout(str(tmp_path)).write_files(changes) == Refusal(
        "b was not written: the file system is read-only; a could not be put back as before"
    )
    assert names(tmp_path) == ["a", "b"]


def test_an_interruption_puts_everything_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"old")
    real, calls = os.replace, iter(range(99))

    def interrupted(*args: str, **named: Any) -> None:
        if next(calls) == 1:
            raise KeyboardInterrupt
        real(*args, **named)

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Checkout.open_checkout(str(tmp_path)).write_files(
            [FileChange(name, b"old", b"new") for name in ("a", "b")]
        )
    assert names(tmp_path) == ["a", "b"]
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == b"old"


def test_without_hard_links_a_new_file_still_replaces_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*args: object, **named: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", no_links)
    checkout = Checkout.open_checkout(str(tmp_path))
    assert checkout.write_file("new.yaml", "new", None) is None
    assert checkout.write_file("new.yaml", "newer", None) is not None
    assert (tmp_path / "new.yaml").read_text() == "new"
    assert names(tmp_path) == ["new.yaml"]


WRITER = """
import sys
from fixbot.checkout import Checkout, FileChange
sizes = [int(size) for size in sys.argv[2:]]
checkout = Checkout.open_checkout(sys.argv[1])
changes = [FileChange(f"f{number}", b"old", b"n" * size) for number, size in enumerate(sizes)]
print("ready", flush=True)
refused = checkout.write_files(changes)
print(refused.reason if refused else "done")
"""


def writer(folder: Path, *sizes: int, largest: int = 0) -> subprocess.Popen[str]:
    for number, _ in enumerate(sizes):
        (folder / f"f{number}").write_bytes(b"old")

    def limit() -> None:
        if largest:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    command = [sys.executable, "-c", WRITER, str(folder), *map(str, sizes)]
    top = Path(__file__).parent.parent
    return subprocess.Popen(command, cwd=top, stdout=subprocess.PIPE, text=True, preexec_fn=limit)  # noqa: PLW1509


def test_a_file_that_may_not_grow_leaves_all_as_it_was(tmp_path: Path) -> None:
    said, _ = writer(tmp_path, 10, 100_000, largest=50_000).communicate()
    assert said == "ready\nf1 was not written: it would be larger than is allowed here\n"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"f0": b"old", "f1": b"old"}


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=False, capture_output=True
    )
    if done.returncode:
        pytest.skip("mounting a file system takes more rights than there are here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.skipif(not ROOT, reason="only root may mount")
def test_a_full_disk_leaves_all_as_it_was(tmp_path: Path) -> None:
    with mounted(tmp_path, "size=100k"):
        said, _ = writer(tmp_path, 10, 200_000).communicate()
        assert said == "ready\nf1 was not written: the disk is full\n"
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"f0": b"old", "f1": b"old"}


@pytest.mark.skipif(not ROOT, reason="only root may mount")
def test_a_read_only_file_system_is_said(tmp_path: Path) -> None:
    with mounted(tmp_path, "size=100k"):
        (tmp_path / "a").write_bytes(b"old")
        subprocess.run(["mount", "-o", "remount,ro", tmp_path], check=True)
        checkout = Checkout.open_checkout(str(tmp_path))
        for change in (FileChange("a", b"old", b"new"), FileChange("d/b", None, b"new")):
            assert checkout.write_files([change]) == Refusal(
                f"{change.path} was not written: the file system is read-only"
            )


def test_a_folder_that_may_not_be_written_is_said(open_to_all: Path) -> None:
    (open_to_all / "a").write_bytes(b"old")
    open_to_all.chmod(0o555)
    with as_nobody():
        refused = Checkout.open_checkout(str(open_to_all)).write_file("a", "new", b"old")
    open_to_all.chmod(0o755)
    assert refused == Refusal("a was not written: there is no permission to write in its folder")


@pytest.mark.parametrize("after", [0.0, 0.003, 0.01, 0.02])
def test_a_killed_run_leaves_no_half_file(tmp_path: Path, after: float) -> None:
    size = 3_000_000
    process = writer(tmp_path, *[size] * 8)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    sizes = [(tmp_path / f"f{number}").stat().st_size for number in range(8)]
    assert set(sizes) <= {3, size}
