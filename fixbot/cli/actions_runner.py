"""The runner of a workflow's step: what it reads from standard output, and the files that it gives."""

from __future__ import annotations

import json
import secrets
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from fixbot.actions import workflow_commands
from fixbot.checkout.file_content import Unreadable
from fixbot.checkout.named_files import read_given_file
from fixbot.cli.terminal import CannotWrite

_MOST_OF_AN_EVENT: Final = 30_000_000
"""Bytes. Source: "Webhook events and payloads", docs.github.com: payloads are capped at 25 MB."""


@dataclass(frozen=True, slots=True)
class ActionsRunner:
    """One step. From `mask_and_stop` on the runner takes no commands but those given by `give_commands`."""

    environment: Mapping[str, str] = field(repr=False)
    word: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)

    def mask_and_stop(self, credentials: Iterable[str]) -> None:
        """Have the credentials masked, and then no commands taken from what is printed.

        There is no way back: what Python may say when it ends is no command either.
        """
        _print_commands([line for secret in credentials for line in workflow_commands.mask_commands(secret)])
        _print_commands([workflow_commands.stop_commands(self.word)])

    def give_commands(self, *lines: str) -> None:
        """Give commands in the middle of foreign text."""
        _print_commands(
            [workflow_commands.resume_commands(self.word), *lines, workflow_commands.stop_commands(self.word)]
        )

    def append_summary(self, text: str) -> None:
        """Add to the page of the run."""
        self._append_to_file("GITHUB_STEP_SUMMARY", text)

    def set_outputs(self, values: Mapping[str, str]) -> None:
        """Set outputs of the step."""
        rows = (
            workflow_commands.format_output(name, value, secrets.token_hex(16))
            for name, value in values.items()
        )
        self._append_to_file("GITHUB_OUTPUT", "".join(rows))

    def _append_to_file(self, variable: str, text: str) -> None:
        """Without the file, as on runners of another make, there is nobody to tell."""
        if path := self.environment.get(variable):
            try:
                with Path(path).open("ab") as file:
                    file.write(text.encode("utf-8", "backslashreplace"))
            except OSError as error:
                raise CannotWrite(f"{variable}: cannot be written: {error.strerror}") from None

    @property
    def files_folder(self) -> Path:
        """Where files for later steps go."""
        return Path(self.environment.get("RUNNER_TEMP") or tempfile.gettempdir())

    @property
    def event_payload(self) -> Any:
        """What GitHub tells of the event; nothing where that can't be read."""
        try:
            return json.loads(
                read_given_file(self.environment.get("GITHUB_EVENT_PATH", ""), _MOST_OF_AN_EVENT, ())
            )
        except (OSError, ValueError, Unreadable, RecursionError):
            return {}


def _print_commands(lines: Iterable[str]) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write("".join(lines).encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()
