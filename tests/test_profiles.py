"""Which rules run: by profile, by framework, by name; and what an update changes where settings are older."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fixbot.cli.effective_settings import overlay_options, runs_every_rule, select_fixers
from fixbot.cli.options import Options, ProfileChoice
from fixbot.model.errors import FixbotError
from fixbot.rules import ESSENTIAL, EXPLAINED, RECOMMENDED, load_rules
from fixbot.settings import Settings
from fixbot.settings.loosened import find_loosened
from fixbot.settings.read_settings import load_settings, parse_settings
from tests.sample_rules import SAMPLES

FIRST = tuple(each for each in load_rules() if each.since == "0.1")
NAMES = {each.name for each in FIRST}
NEW = tuple(
    replace(SAMPLES[0], name=name, profiles=profiles, controls=controls)
    for name, profiles, controls in (
        ("new-essential", ESSENTIAL, {"pci-dss": ("1.2",)}),
        ("new-recommended", RECOMMENDED, {"pci-dss": ("1.3",)}),
        ("new-explained", EXPLAINED, {}),
    )
)
OURS = replace(SAMPLES[0], name="of-ours", package="our_rules")
RULES = (*FIRST, *NEW, OURS)


def running(settings: Settings, **words: object) -> set[str]:
    """The new rules that run; those of 2026 are among them in every profile."""
    settings = overlay_options(settings, Options("run", **words), RULES)  # type: ignore[arg-type]
    on = {each.name for each in select_fixers(RULES, settings)}
    return on - NAMES if on > NAMES else on


def test_without_settings_it_is_what_nearly_everybody_wants() -> None:
    assert running(Settings()) == {"new-essential", "of-ours"}
    assert running(Settings(), rules_profile=ProfileChoice.RECOMMENDED) == {
        "new-essential", "new-recommended", "of-ours",
    }  # fmt: skip
    assert running(Settings(profile="all")) == {*(each.name for each in NEW), "of-ours"}
    assert running(Settings(profile="all"), rules_profile=ProfileChoice.ESSENTIAL) == {
        "new-essential", "of-ours",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["", "# all of it as comments\n", "safety: safe\n", "profile: null\n"])
def test_settings_that_are_older_than_profiles_keep_their_rules_and_one_line_says_so(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / ".fixbot.yml").write_text(text)
    settings = overlay_options(load_settings(tmp_path), Options("run"), RULES)
    assert {each.name for each in select_fixers(RULES, settings)} == {*NAMES, "of-ours"}
    (line,) = settings.notes
    assert line.endswith("`profile: essential` in .fixbot.yml turns on 1 more")


def test_nothing_is_said_where_rules_are_named_or_a_profile_is() -> None:
    for text in ("rules: {only: [new-explained]}", "profile: essential"):
        settings = parse_settings(Settings(), text, ".fixbot.yml")
        assert not overlay_options(settings, Options("run"), RULES).notes
    older = parse_settings(Settings(), "", ".fixbot.yml")
    assert not overlay_options(older, Options("run", only=("new-explained",)), RULES).notes


def test_a_name_goes_before_the_profile() -> None:
    assert running(Settings(), only=("new-explained",)) == {"new-explained"}
    named = parse_settings(Settings(), "rules: {only: [new-recommended]}", ".fixbot.yml")
    assert running(named) == {"new-recommended"}


def test_of_a_framework_run_those_that_have_a_control_there() -> None:
    assert running(Settings(), framework="pci-dss") == {"new-essential"}
    assert running(Settings(profile="all"), framework="pci-dss") == {"new-essential", "new-recommended"}
    with pytest.raises(FixbotError, match="'pci' is none of fsbp, cis-aws"):
        running(Settings(), framework="pci")
    with pytest.raises(FixbotError, match="none of the rules that are on has a control there"):
        running(Settings(), framework="cis-aws")


def test_all_rules_of_the_profile_are_every_rule_and_fewer_are_not() -> None:
    settings = overlay_options(Settings(), Options("run"), RULES)
    assert runs_every_rule(select_fixers(RULES, settings), settings)
    narrowed = overlay_options(Settings(), Options("run", framework="pci-dss"), RULES)
    assert not runs_every_rule(select_fixers(RULES, narrowed), narrowed)


def test_a_pull_request_that_lowers_the_profile_switches_rules_off() -> None:
    old, new = (
        overlay_options(parse_settings(Settings(), f"profile: {name}", ".fixbot.yml"), Options("run"), RULES)
        for name in ("all", "essential")
    )
    assert find_loosened(old, new, [each.name for each in RULES]).rules == (
        "new-explained", "new-recommended",
    )  # fmt: skip
