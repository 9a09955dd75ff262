"""Imports all that a run imports sooner or later: for processes that are forked from one that has done so."""

from __future__ import annotations

from importlib import import_module

from fixbot.rules.loading import load_rules

RULES = load_rules()

for name in (
    *("_ruamel_yaml", "ruamel.yaml", "github", "fixbot.syntax.yaml", "fixbot.engine.workers"),
    *("fixbot.cli.app", "fixbot.cli.pull_request_runs", "fixbot.cli.run_job", "fixbot.cli.show_report"),
):
    import_module(name)
