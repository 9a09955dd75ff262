"""What a user did or has that fixbot can't go on with: one clear line, caught once, in the CLI."""

from __future__ import annotations


class FixbotError(Exception):
    """The message says what happened, to what, and what to do. Exit status 2 unless `exit_code` says else."""

    exit_code = 2
