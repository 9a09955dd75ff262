"""`--audit FILE`: the decisions of a run, appended to a file of the user's, whole or not at all."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from fixbot.checkout.file_content import Unreadable
from fixbot.checkout.git_home import stranger_folders
from fixbot.checkout.named_files import append_lines
from fixbot.cli.terminal import CannotWrite
from fixbot.report.audit import AuditedRun, render_audit

if TYPE_CHECKING:
    from fixbot.cli.options import Options
    from fixbot.model.findings import Report


def append_audit(options: Options, environment: Mapping[str, str], report: Report, name: str = "") -> None:
    """Append the lines, where somebody asked for them. `name` is what was looked at. Raises CannotWrite."""
    if options.audit is None:
        return
    actions = environment.get("GITHUB_ACTIONS") == "true"
    run = AuditedRun(
        datetime.now(UTC).isoformat(timespec="seconds"),
        (environment.get("GITHUB_RUN_ID") if actions else "") or uuid.uuid4().hex,
        (environment.get("GITHUB_ACTOR") if actions else "") or "local",
        name or environment.get("GITHUB_REPOSITORY", "") or Path(options.path).resolve().name,
    )
    path = os.fspath(options.audit)
    try:
        append_lines(path, render_audit(report, run).encode(), stranger_folders(options.path))
    except Unreadable as why:
        raise CannotWrite(f"{path}: cannot be written: {why}") from None
    except OSError as error:
        raise CannotWrite(f"{path}: cannot be written: {error.strerror}") from None
