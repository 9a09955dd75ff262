"""What is said of secrets on their way into a store: a list to read, or JSON; no value in either."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from fixbot import __version__
from fixbot.model.moved_secrets import RotationRow, SecretRow, SecretsReport
from fixbot.report.style import format_count
from fixbot.text.characters import escape_hidden, write_json
from fixbot.text.name_lists import join_with_and

_STORES = {"secretsmanager": "Secrets Manager", "ssm": "Parameter Store", "kubernetes": "Kubernetes"}


def render_secrets_json(report: SecretsReport) -> str:
    """The rows with the fields of the type, and the remarks."""
    data = {
        "schema": 1,
        "fixbot": __version__,
        "secrets": [asdict(row) for row in report.secrets],
        "remarks": list(report.remarks),
    }
    return write_json(data, indent=2) + "\n"


def render_secrets_text(report: SecretsReport, *, asked: bool) -> str:
    """One paragraph a secret, then what they come to, and what to type next."""
    if not report.secrets:
        return "No proposal moves a value into a store.\n"
    parts = ["\n".join(_describe_row(row, asked=asked)) for row in report.secrets]
    counts = Counter(row.outcome for row in report.secrets)
    total = f"{format_count(len(report.secrets), 'secret')}: " + ", ".join(
        f"{count} {outcome}" for outcome, count in counts.items()
    )
    parts += [*(escape_hidden(each) for each in report.remarks), total]
    if not asked and counts["planned"]:
        parts.append(
            "`fixbot secrets create --dry-run` asks AWS what is there; `fixbot secrets create` makes them."
        )
    return "\n\n".join(parts) + "\n"


def render_rotation_json(rows: Sequence[RotationRow]) -> str:
    """The rows with the fields of the type."""
    data = {"schema": 1, "fixbot": __version__, "secrets": [asdict(row) for row in rows]}
    return write_json(data, indent=2) + "\n"


def render_rotation_text(rows: Sequence[RotationRow]) -> str:
    """One line a value, then what they come to."""
    if not rows:
        return "The files name no secret of fixbot's.\n"
    says = {True: "must change", False: "changed", None: "not known"}
    lines = []
    for row in rows:
        where = f"commit {row.commit[:12]} shows it" if row.commit else (row.reason or "")
        name = " ".join(filter(None, (row.name, row.key if row.store == "secretsmanager" else "")))
        lines.append(escape_hidden(f"{says[row.in_history]:<11}  {name}  {where}".rstrip()))
    counts = Counter(says[row.in_history] for row in rows)
    total = ", ".join(f"{count} {word}" for word, count in counts.items())
    return "\n".join(lines) + f"\n\n{format_count(len(rows), 'value')}: {total}\n"


def _describe_row(row: SecretRow, *, asked: bool) -> Iterator[str]:
    where = ", ".join(filter(None, (_STORES[row.store], row.region, row.account)))
    yield f"{row.outcome:<9}  {escape_hidden(row.name)}  ({escape_hidden(where)})"
    said = [
        f"{join_with_and(row.keys)} from {join_with_and(row.paths)}",
        *(_describe_found(row) if asked else ()),
        *((row.arn,) if row.arn else ()),
        *((row.reason,) if row.reason else ()),
    ]
    yield from (f"           {escape_hidden(each)}" for each in said)


def _describe_found(row: SecretRow) -> Iterator[str]:
    if row.outcome == "planned" and row.exists is not None:
        missing = join_with_and(row.keys_missing or ())
        if not row.exists:
            yield "not there yet"
        else:
            yield f"there, without {missing}" if missing else "there, with the same value"
    if row.role_may_read is not None:
        yield f"{row.role} may{'' if row.role_may_read else ' not'} read it"
