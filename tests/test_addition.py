"""New files of a fix: one object of its own, beside the file that needs it, whatever a manifest is called."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixbot.checkout import Checkout
from fixbot.edit.change import Put
from fixbot.edit.tree import CannotEdit
from fixbot.engine.pipeline import run_pipeline
from fixbot.model.findings import Fix, NewFile, Refusal, Report
from fixbot.settings import ExternalSecretsSettings, Settings
from fixbot.source.document import parse_document
from fixbot.source.new_documents import plan_new_files
from fixbot.source.own_documents import write_document
from tests.first_rules import first_rules
from tests.test_pasted import OPERATOR, WORDS, pod

DRIVER = """\
apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata:
  name: billing
spec:
  provider: aws
  parameters:
    objects: ""
"""
SECOND = "shop\nspec: {}\n---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: evil"
OBJECT = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "web"}}
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.text(), ANY, min_size=1, max_size=4), st.sampled_from(["yaml", "json"]))
def test_any_data_is_written_as_one_document_that_says_just_that(
    data: dict[str, object], syntax: str
) -> None:
    try:
        written = write_document(data, syntax)  # type: ignore[arg-type]
    except CannotEdit:
        return
    if syntax == "json":
        assert json.loads(written) == data
    elif "\\u" not in written:  # PyYAML joins no halves of a character
        assert list(yaml.safe_load_all(written)) == [data]


def looked_at(
    folder: Path, name: str, space: str, beside: str, where: str = "app", store: str = ""
) -> Report:
    manifest = pod("web")
    manifest["metadata"] = {"name": name, "namespace": space}
    (folder / where).mkdir(parents=True)
    (folder / where / "pod.yaml").write_text(json.dumps(manifest))
    (folder / where / "other.yaml").write_text(beside)
    wishes = Settings(external_secrets=ExternalSecretsSettings(store=store or None))
    return run_pipeline(Checkout.open_checkout(str(folder)), first_rules(), wishes)


def new_files(report: Report) -> dict[str, str]:
    return {patch.path: patch.after for patch in report.patches if patch.before is None}


@pytest.mark.parametrize(("beside", "kind"), [(OPERATOR, "ExternalSecret"), (DRIVER, "SecretProviderClass")])
def test_a_new_file_holds_the_one_object(tmp_path: Path, beside: str, kind: str) -> None:
    ((path, text),) = new_files(looked_at(tmp_path, "web", "shop", beside)).items()
    assert path.startswith("app/web-")
    (found,) = yaml.safe_load_all(text)
    assert (found["kind"], found["metadata"]) == (kind, {"name": "web-secrets", "namespace": "shop"})


@pytest.mark.parametrize("beside", [OPERATOR, DRIVER], ids=["operator", "driver"])
@pytest.mark.parametrize(
    ("name", "space"),
    [
        ("web", SECOND), (SECOND, "shop"), ("a/b", "shop"), ("../../evil", "shop"),
        (".github/workflows/x", "shop"), ("a\nb", "shop"), ("-x", "shop"), ("con.x", "shop"),
        ("aux.web", "shop"), ("Web", "shop"), ("web", "-n"), ("w" * 300, "shop"), ("web.", "shop"),
        ("web", "shop: {x: y}"),
    ],
)  # fmt: skip
def test_no_file_is_made_of_a_name_that_is_none(tmp_path: Path, beside: str, name: str, space: str) -> None:
    report = looked_at(tmp_path, name, space, beside)
    assert report.failures == ()
    assert new_files(report) == {}
    refused = [each.reason or "" for each in report.findings if each.rule == "secret-in-environment"]
    assert refused
    assert all("Kubernetes" in each or "every system" in each for each in refused)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=20)
@given(WORDS, WORDS, st.sampled_from([OPERATOR, DRIVER]), WORDS)
def test_any_name_makes_one_object_or_none(
    tmp_path_factory: pytest.TempPathFactory, name: str, space: str, beside: str, store: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    for path, text in new_files(looked_at(folder, name, space, beside, store=store)).items():
        assert path.startswith("app/")
        assert path.count("/") == 1
        (found,) = yaml.safe_load_all(text)
        assert found["kind"] in ("ExternalSecret", "SecretProviderClass")


@pytest.mark.parametrize("where", [".github", "a/.circleci", ".git-like/x"])
def test_no_file_is_made_where_other_programs_look_for_theirs(tmp_path: Path, where: str) -> None:
    report = looked_at(tmp_path, "web", "shop", OPERATOR, where)
    assert new_files(report) == {}
    assert any("begins with a dot" in (each.reason or "") for each in report.findings)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("app/web.yaml", None),
        ("app/sub/web.yaml", "beside"),
        ("web.yaml", "beside"),
        ("app/../web.yaml", "beside"),
        ("/app/web.yaml", "beside"),
        ("app/con.yaml", "every system"),
        ("app/COM1.x.yaml", "every system"),
        ("app/.hidden.yaml", "every system"),
        ("app/a b.yaml", "every system"),
        ("app/web.sh", "every system"),
        ("app/web.yaml\n", "every system"),
        ("app/WEB-old.yaml", "exists already"),
    ],
)
def test_a_new_file_stays_in_its_folder(path: str, said: str | None) -> None:
    document = parse_document("app/pod.json", '{"a": 1}')
    change = Put(document.roots[0], ("b",), 2)
    fix = Fix((change,), files=(NewFile(path, dict(OBJECT)),))  # type: ignore[arg-type]
    found = plan_new_files([fix], frozenset({"app/pod.json", "app/web-old.yaml"}))
    if said is None:
        assert isinstance(found, list)
        assert yaml.safe_load(found[0].text) == OBJECT
    else:
        assert isinstance(found, Refusal)
        assert said in found.reason
