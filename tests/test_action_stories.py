"""Pull requests whose author would rather not be found: each trick, and what the check makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.action_places import API, SAFE, WEB, Place, git
from tests.action_runner import PYTHON, Machine, Ran
from tests.test_cli import fixbot

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      image: nginx:1.27
      securityContext:
        privileged: false
        readOnlyRootFilesystem: true
        allowPrivilegeEscalation: false
        seccompProfile: {type: RuntimeDefault}
"""
BAD = POD.replace("privileged: false", "privileged: true")
"""What everybody tries to bring in."""
DEEP = "[" * 500 + "]" * 500
FIRST = {"deploy/pod.yaml": POD, "README.md": "shop\n"}


class Story:
    """A repository with a pull request on it, made with git itself, so that it can hold anything."""

    def __init__(self, folder: Path, first: Mapping[str, str] = FIRST) -> None:
        self.place = Place(folder, dict(first))
        self.at = folder / "author"
        git(folder, "clone", "-q", str(self.place.bare), str(self.at))

    def write(self, files: Mapping[str, str | bytes | None]) -> None:
        for name, text in files.items():
            path = self.at / name
            if text is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode() if isinstance(text, str) else text)

    def commit(self, *, onto: str = "work") -> None:
        git(self.at, "add", "-A", "-f")
        git(self.at, "commit", "-qm", "more")
        self.push(onto)

    def push(self, onto: str = "work") -> None:
        git(self.at, "push", "-q", "origin", f"+HEAD:refs/pushed/{onto}")
        self.place.ann.push_commit(onto, git(self.at, "rev-parse", "HEAD").strip())

    def check(self, fail_on: str = "low", depth: int = 2, fork: bool = False, **inputs: str) -> Ran:
        self.commit()
        number = self.place.ann.open_pull("work", "Work")
        self.place.merged(number)
        return self.place.check(number, depth=depth, fork=fork, fail_on=fail_on, **inputs)


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(tmp_path)


def test_what_is_brought_in_openly_fails(story: Story) -> None:
    story.write({"deploy/pod.yaml": BAD})
    ran = story.check()
    assert ran.code == 1
    assert {each.fields["line"] for each in ran.log.of("error")} == {"10"}


ELSEWHERE = {
    "a flag is taken away": (POD, POD.replace("        readOnlyRootFilesystem: true\n", "")),
    "a flag is turned": (POD, POD.replace("tem: true", "tem: false")),
    "a kind is written": (BAD.replace("kind: Pod", "kind: Podd"), BAD),
    "another tool's name": ("", BAD),
}


@pytest.mark.parametrize("how", ELSEWHERE)
def test_what_a_touched_line_makes_of_another_fails(tmp_path: Path, how: str) -> None:
    first, then = ELSEWHERE[how]
    far = "      image: nginx:1.27\n" + "".join(f"      # {n}\n" for n in range(9))
    path = "deploy/package.json" if "name" in how else "deploy/pod.yaml"
    files = {"README.md": "shop\n", "old/bad.yaml": BAD}
    story = Story(tmp_path, {**files, path: first.replace("      image: nginx:1.27\n", far)})
    story.write({path: then.replace("      image: nginx:1.27\n", far)})
    ran = story.check()
    assert ran.code == 1
    assert {each.fields["file"] for each in ran.log.of("error")} == {path}


def test_what_changes_nothing_passes(story: Story) -> None:
    story.write({"README.md": "more\n"})
    ran = story.check()
    assert ran.code == 0
    assert ran.log.of("error", "warning", "notice") == []


ATTRIBUTES = [
    "*.yaml -diff", "* binary", "*.yaml -text", "*.yaml diff=evil", "*.yaml export-ignore", "*.yaml eol=crlf",
    "*.yaml linguist-generated", "*.yaml merge=ours", "*.yaml ident", "*.yaml -text -diff -merge",
    "*.yaml filter=x",
]  # fmt: skip


@pytest.mark.parametrize("attributes", ATTRIBUTES)
def test_attributes_hide_no_line(story: Story, attributes: str) -> None:
    story.write({"deploy/pod.yaml": BAD, ".gitattributes": f"{attributes}\n"})
    ran = story.check()
    assert ran.code == 1
    assert "10" in {each.fields.get("line") for each in ran.log.of("error")}


SETTINGS = {
    "everything excluded": ('exclude: ["**"]\n', "files more (exclude **)"),
    "nothing included": ("include: [nothing]\n", "files more (include nothing)"),
    "the rule is off": (
        "profile: essential\nrules: {skip: [privileged-container]}\n",
        "switches off privileged-container",
    ),
    "another rule alone": ("rules: {only: [secret-in-environment]}\n", "privileged-container"),
    "only what is grave": ("severity: critical\n", "hides findings below critical"),
    "ignored": (
        "ignore:\n  - {rule: privileged-container, reason: trust me, until: 2999-01-01}\n",
        "ignores privileged-container until 2999-01-01: trust me",
    ),
    "never changed": ("never_patch: [deploy/]\n", "never changes deploy/"),
}


@pytest.mark.parametrize("how", SETTINGS)
@pytest.mark.parametrize("name", [".fixbot.yml", "deploy/.fixbot.yaml"])
def test_the_settings_that_it_brings_do_not_count_and_are_named(story: Story, how: str, name: str) -> None:
    text, said = SETTINGS[how]
    story.write({"deploy/pod.yaml": BAD, name: text})
    path = "deploy" if name.startswith("deploy/") else "."
    ran = story.check(path=path)
    assert ran.code == 1
    assert "10" in {each.fields.get("line") for each in ran.log.of("error")}
    warnings = [each.data for each in ran.log.of("warning")]
    assert any(said in each for each in warnings), warnings
    comment = "\n".join(story.place.comments(1))
    assert comment.index("This pull request itself leaves findings out") < comment.index("on lines that this")


def test_the_settings_of_the_base_count_and_what_they_leave_out_is_named(tmp_path: Path) -> None:
    settings = "rules: {skip: [privileged-container]}\nexclude: [old/]\nseverity: medium\n"
    story = Story(tmp_path, {**FIRST, ".fixbot.yml": settings, "old/a.yaml": POD})
    story.write({"deploy/pod.yaml": BAD, ".fixbot.yml": None})
    ran = story.check()
    assert ran.code == 0
    for text in (ran.summary, ran.printed):
        assert "Rules that are off: privileged-container." in text
        assert "1 file left out by exclude old/." in text
        assert "below medium not shown" in text


def test_a_file_for_all_repositories_counts_below_the_base(tmp_path: Path) -> None:
    story = Story(tmp_path, {**FIRST, "all.yml": "rules: {skip: [privileged-container]}\n"})
    story.write({"deploy/pod.yaml": BAD})
    ran = story.check(config="all.yml")
    assert ran.code == 0, ran.printed


@pytest.mark.parametrize("first", [{"all.yml": "safety: review\n"}, {}])
def test_a_file_for_all_repositories_counts_as_the_base_has_it(tmp_path: Path, first: dict[str, str]) -> None:
    story = Story(tmp_path, {**FIRST, **first})
    story.write({"deploy/pod.yaml": BAD, "all.yml": "rules: {skip: [privileged-container]}\n"})
    assert story.check(config="all.yml").code == (1 if first else 2)
    assert story.place.check(1, depth=1, fail_on="low", config="all.yml").outputs["findings"] != "0"


def test_settings_behind_a_link_in_the_base_are_refused(tmp_path: Path) -> None:
    story = Story(tmp_path)
    (story.at / ".fixbot.yml").symlink_to("/etc/hostname")
    story.commit(onto="main")
    story.write({"deploy/pod.yaml": BAD})
    ran = story.check()
    assert ran.code == 2
    assert "no regular file" in ran.log.of("error")[0].data


WISH = "# fixbot:ignore privileged-container trust me"


def test_comments_that_it_adds_stand_first_and_may_fail(story: Story) -> None:
    story.write({"deploy/pod.yaml": BAD.replace("true\n", f"true {WISH}\n", 1)})
    ran = story.check()
    assert ran.code == 0
    (said,) = ran.log.of("error", "warning", "notice")
    assert said.data == "deploy/pod.yaml:10 ignores privileged-container: trust me."
    assert story.place.check(1, fail_on="low", fail_on_new_ignores="true").code == 1
    assert story.place.check(1, fail_on_new_ignores="true").code == 1


def test_what_the_base_ignores_is_not_new_where_it_moves(tmp_path: Path) -> None:
    before = BAD.replace("true\n", f"true {WISH}\n", 1)
    story = Story(tmp_path, {**FIRST, "deploy/pod.yaml": before})
    story.write({"deploy/pod.yaml": None, "apps/web.yaml": "# moved\n" + before})
    ran = story.check(fail_on_new_ignores="true")
    assert ran.code == 0, ran.printed


@pytest.mark.parametrize("quote", ['"{}"', "'{}'", "|\n    {}", ">-\n    {}"])
def test_words_in_a_value_ignore_nothing(story: Story, quote: str) -> None:
    note = f"  annotations: {{}}\n  note: {quote.format(WISH)}\n"
    story.write({"deploy/pod.yaml": BAD.replace("true\n", f'true\n        x: "{WISH}"\n', 1) + note})
    ran = story.check()
    assert ran.code == 1
    assert ran.log.of("warning") == []


DAMAGED: dict[str, Mapping[str, str | bytes | None]] = {
    "padded beyond what is read": {"deploy/pod.yaml": BAD + "#" * 5_100_000},
    "one byte of Latin-1": {"deploy/pod.yaml": BAD.encode() + b"# caf\xe9\n"},
    "UTF-16": {"deploy/pod.yaml": BAD.encode("utf-16")},
    "a NUL": {"deploy/pod.yaml": BAD.encode() + b"# \0\n"},
    "brackets": {"deploy/pod.yaml": f"{BAD}x: {DEEP}\n"},
    "brackets, and a tag in a comment": {"deploy/pod.yaml": f"{BAD}x: {DEEP} # {{{{ .Values.x }}}}\n"},
    "a name with a newline": {"deploy/po\nd.yaml": BAD},
    "a broken document behind": {"deploy/pod.yaml": f"{POD}---\nkind: Pod\ncontainers: : [\n"},
    "a chart beside it": {
        "Chart.yaml": "name: x\n", "templates/pod.yaml": f"# {{{{ .Values.x }}}}\n{BAD}x: {DEEP}\n",
    },
    "a template where there was none": {"deploy/pod.yaml": f"{BAD}{{{{- if .Values.y }}}}\n"},
    "computed where it was written": {
        "deploy/pod.yaml": BAD.split("spec:")[0] + "spec:\n  containers: {{ .Values.containers }}\n",
    },
    "another name": {"deploy/pod.yaml": None, "deploy/pod.txt": BAD},
    "another name and much else": {"deploy/pod.yaml": None, "deploy/pod.txt": BAD + "# x\n" * 400},
}  # fmt: skip


@pytest.mark.parametrize("how", DAMAGED)
def test_what_can_not_be_judged_does_not_pass(story: Story, how: str) -> None:
    story.write(DAMAGED[how])
    ran = story.check()
    assert ran.code == 1, ran.printed
    assert "can't be judged" in ran.log.of("error")[0].data
    assert "that this pull request touches can't be judged**" in ran.summary
    assert story.place.check(1, fail_on="never").code == 0
    if not ran.log.of("error")[1:]:
        assert story.place.check(1, fail_on="high", fail_on_unread="false").code == 0


def test_a_planted_chart_makes_no_template_of_a_file(story: Story) -> None:
    story.write({"deploy/Chart.yaml": "name: x\n", "deploy/templates/web.yaml": f"# {{{{ x }}}}\n{BAD}"})
    ran = story.check()
    assert ran.code == 1
    assert {each.fields["file"] for each in ran.log.of("error")} == {"deploy/templates/web.yaml"}


def test_a_new_template_is_named_and_passes(story: Story) -> None:
    template = BAD.replace("name: web\nspec", "name: {{ .Values.x }}-a b\nspec") + "{{- end }}\n"
    story.write({"chart/Chart.yaml": "name: x\n", "chart/templates/web.yaml": template})
    ran = story.check()
    assert ran.code == 0, ran.printed
    assert "Touched, and only named here (2)" in ran.summary


def links(story: Story, how: str) -> None:
    pod = story.at / "deploy" / "pod.yaml"
    bad = story.at / "old" / "bad.yaml"
    pod.unlink()
    if how == "to what was bad before":
        pod.symlink_to("../old/bad.yaml")
    elif how == "out of the repository":
        pod.symlink_to("/etc/hostname")
    elif how == "to nothing":
        pod.symlink_to("nothing.yaml")
    elif how == "to what is not read":
        (story.at / "pod.txt").write_text(BAD)
        pod.symlink_to("../pod.txt")
    elif how == "a folder that was one":
        pod.parent.rmdir()
        pod.parent.symlink_to("/etc")
    elif how == "a folder to what was bad before":
        pod.parent.rmdir()
        pod.parent.symlink_to("old")
    assert bad.is_file()


@pytest.mark.parametrize(
    "how",
    [
        "to what was bad before", "out of the repository", "to nothing", "to what is not read",
        "a folder that was one", "a folder to what was bad before",
    ],
)  # fmt: skip
def test_links_hide_nothing(tmp_path: Path, how: str) -> None:
    story = Story(tmp_path, {**FIRST, "old/bad.yaml": BAD})
    links(story, how)
    assert story.check().code == 1


@pytest.mark.parametrize("what", ["file", "folder", "path"])
def test_a_submodule_in_the_place_of_what_was_read_does_not_pass(story: Story, what: str) -> None:
    (story.at / "deploy" / "pod.yaml").unlink()
    where = "deploy/pod.yaml" if what == "file" else "deploy"
    git(story.at, "add", "-A")
    commit = git(story.at, "rev-parse", "HEAD").strip()
    git(story.at, "update-index", "--add", "--cacheinfo", f"160000,{commit},{where}")
    git(story.at, "commit", "-qm", "module")
    story.push()
    number = story.place.ann.open_pull("work", "Work")
    story.place.merged(number)
    ran = story.place.check(number, fail_on="low", path="deploy" if what == "path" else ".")
    assert ran.code == 1, ran.printed


def test_a_path_that_becomes_a_link_is_not_followed(story: Story) -> None:
    (story.at / "deploy" / "pod.yaml").unlink()
    (story.at / "deploy").rmdir()
    (story.at / "empty").mkdir()
    story.write({"empty/README.md": "x\n", "other/pod.yaml": BAD})
    (story.at / "deploy").symlink_to("empty")
    ran = story.check(path="deploy")
    assert ran.code == 2
    assert "symbolic link" in ran.log.of("error")[0].data


def test_what_git_would_not_add_is_looked_at_all_the_same(story: Story) -> None:
    story.write({".gitignore": "*.yaml\n", "deploy/b.yaml": BAD})
    assert story.check().code == 1


def test_a_generated_header_and_never_patch_hide_no_finding(tmp_path: Path) -> None:
    story = Story(tmp_path, {**FIRST, ".fixbot.yml": "never_patch: [deploy/]\n"})
    story.write({"deploy/pod.yaml": BAD, "b.yaml": f"# Code generated by x. DO NOT EDIT.\n{BAD}"})
    ran = story.check()
    assert {each.fields["file"] for each in ran.log.of("error")} == {"deploy/pod.yaml", "b.yaml"}


def test_a_change_of_permissions_touches_no_line(tmp_path: Path) -> None:
    story = Story(tmp_path, {"deploy/task.json": WEB})
    (story.at / "deploy" / "task.json").chmod(0o755)
    assert story.check().code == 0


def test_more_findings_than_are_shown_fail(story: Story) -> None:
    pods = "---\n".join(BAD.replace("name: web\nspec", f"name: web{n}\nspec") for n in range(40))
    story.write({"deploy/pods.yaml": pods})
    ran = story.check()
    assert ran.code == 1
    assert len(ran.log.of("error")) <= 10


def test_without_the_base_nothing_passes_and_none_of_its_settings_count(story: Story) -> None:
    story.write({"deploy/pod.yaml": BAD, ".fixbot.yml": 'exclude: ["**"]\n'})
    ran = story.check(depth=1)
    assert ran.code == 1
    assert ran.outputs["findings"] != "0"


def queue(place: Place, start: str, at: Path, **inputs: str) -> Ran:
    event = {
        "repository": {"full_name": "acme/shop", "default_branch": "main"},
        "merge_group": {"base_sha": start, "head_sha": git(at, "rev-parse", "HEAD").strip()},
    }
    variables = {
        "GITHUB_EVENT_NAME": "merge_group",
        "GITHUB_REF": "refs/heads/gh-readonly-queue/main/pr-1",
        "GITHUB_SHA": git(at, "rev-parse", "HEAD").strip(),
    }
    folder = place.folder / f"queue-{len(list(place.folder.iterdir()))}"
    folder.mkdir()
    return Machine(folder, at, event, variables).run("fixbot", PYTHON, token="", **inputs)


@pytest.mark.parametrize("squash", [True, False])
@pytest.mark.parametrize(("files", "code"), [({"a/task.json": API}, 1), ({"a/task.json": SAFE}, 0)])
def test_a_merge_queue_is_checked_against_its_base(
    tmp_path: Path, squash: bool, files: dict[str, str], code: int
) -> None:
    story = Story(tmp_path, {"deploy/task.json": WEB})  # bad, and old
    start = git(story.at, "rev-parse", "HEAD").strip()
    git(story.at, "checkout", "-q", "-b", "work")
    story.write(files)
    git(story.at, "add", "-A")
    git(story.at, "commit", "-qm", "more")
    if not squash:
        git(story.at, "checkout", "-q", "--detach", start)
        git(story.at, "merge", "-q", "--no-ff", "-m", "queue", "work")
    ran = queue(story.place, start, story.at, fail_on="low")
    assert ran.code == code, ran.printed
    assert queue(story.place, "e" * 40, story.at, fail_on="low").code == 1


ENCODINGS = ["UTF-16", "UTF-7"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_an_encoding_of_the_work_tree_does_not_pass(story: Story, encoding: str) -> None:
    story.write({".gitattributes": f"*.yaml working-tree-encoding={encoding}\n"})
    (story.at / "deploy" / "pod.yaml").write_bytes((BAD + '# "+"\n').encode(encoding))
    ran = story.check()
    assert ran.code == 1
    assert "can't be judged" in ran.log.of("error")[0].data


def test_what_the_baseline_of_the_base_has_fails_no_check(tmp_path: Path) -> None:
    old = {"old/bad.yaml": BAD}
    (tmp_path / "here" / "old").mkdir(parents=True)
    (tmp_path / "here" / "old" / "bad.yaml").write_text(BAD)
    fixbot("scan", "--write-baseline", "known.json", at=tmp_path / "here")
    known = (tmp_path / "here" / "known.json").read_text()
    (tmp_path / "there").mkdir()
    story = Story(tmp_path / "there", {**FIRST, **old, "known.json": known})
    story.write({"old/bad.yaml": BAD.replace("true", "true # as ever")})
    ran = story.check(baseline="known.json")
    assert ran.code == 0, ran.printed
    assert not ran.log.of("error")


def test_a_baseline_that_the_base_lacks_knows_nothing(story: Story) -> None:
    story.write({"deploy/pod.yaml": BAD, "known.json": '{"schema": 1, "findings": []}'})
    ran = story.check(baseline="known.json")
    assert ran.code == 1
    assert "the base has no known.json; nothing is known" in ran.printed
    assert story.place.check(1, fail_on="low", baseline="known.json", profile="nothing").code == 2
