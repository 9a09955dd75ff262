"""What each command's help ends with: command lines to copy, every one of them run by a test."""

from __future__ import annotations

_EXAMPLES = {
    "": (
        ("fixbot run", "look, prove, show; write nothing"),
        ("fixbot run --review", "decide one by one, as git add -p"),
        ("fixbot scan --fail-on high", "findings only, for a gate"),
    ),
    "run": (
        ("fixbot run", "look, prove, show; write nothing"),
        ("fixbot run --review", "decide one by one; write what is taken"),
        ("fixbot run --write deploy", "patch the files below deploy/"),
        ("fixbot run --branch --safety safe", "a branch for each harmless fix"),
    ),
    "scan": (
        ("fixbot scan", "every finding"),
        ("fixbot scan --fail-on high --since HEAD~1", "a gate for one change"),
        ("fixbot scan --format sarif --output fixbot.sarif", "for code scanning"),
    ),
    "inventory": (
        ("fixbot inventory", "how much of what, where and whose"),
        ("fixbot inventory --format json", "each thing with its line"),
    ),
    "init": (
        ("fixbot init", "settings and a workflow, from what is there"),
        ("fixbot init --dry-run", "show the two files and write none"),
        ("fixbot init deploy", "for a part of the repository"),
    ),
    "fleet": (
        ("fixbot fleet plan --org acme", "who, and which shard does which"),
        ("fixbot fleet run fleet-plan.json", "look at all of them"),
        ("fixbot fleet report fleet-plan.json", "what was found, on one page"),
    ),
    "fleet plan": (
        ("fixbot fleet plan acme/service-0 acme/service-1", "these two"),
        ("fixbot fleet plan --org acme --shards 2", "all of an organisation"),
    ),
    "fleet run": (
        ("fixbot fleet run fleet-plan.json --shard 1/2", "look at one shard"),
        ("fixbot fleet run fleet-plan.json --pr", "look and publish"),
    ),
    "fleet report": (
        ("fixbot fleet report fleet-plan.json", "for the terminal"),
        ("fixbot fleet report fleet-plan.json --format markdown", "for an issue"),
    ),
    "drift": (
        ("fixbot drift", "what runs, compared with the files"),
        ("fixbot drift --format json", "for a schedule"),
    ),
    "secrets": (
        ("fixbot secrets plan", "what would be moved, and where to"),
        ("fixbot secrets create --dry-run", "ask AWS what is there, and write nothing"),
    ),
    "secrets plan": (
        ("fixbot secrets plan", "names, keys and places; nobody is asked"),
        ("fixbot secrets plan --aws", "with what is there, and who may read it"),
    ),
    "secrets rotate-check": (
        ("fixbot secrets rotate-check", "what must still be changed"),
        ("fixbot secrets rotate-check --format json", "for a schedule"),
    ),
    "secrets create": (
        ("fixbot secrets create --dry-run", "ask, and write nothing"),
        ("fixbot secrets create --only fixbot/orders-api", "one secret"),
    ),
    "rules": (
        ("fixbot rules", "name, severity, safety, title"),
        ("fixbot rules --format json", "the same with controls and references"),
    ),
    "explain": (
        ("fixbot explain readonly-root-filesystem", "what it changes, and why"),
        ("fixbot explain secret-in-environment | less", "a page at a time"),
    ),
}


def render_examples(command: str = "") -> str:
    """The examples of a command as an epilog that keeps its lines; of the program where none is named."""
    rows = _EXAMPLES[command]
    wide = max(len(line) for line, _ in rows)
    return "\b\nExamples:\n" + "\n".join(f"  {line.ljust(wide)}  # {says}" for line, says in rows)
