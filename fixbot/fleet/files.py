"""Files that whoever runs a fleet names: plans, lists, results and reports, none read beyond its bound."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fixbot.checkout.door import grounds, read_given
from fixbot.checkout.reading import Unreadable
from fixbot.errors import FixbotError

MOST_BYTES: Final = 200_000_000
"""A report of ten thousand repositories has some ten millions."""


def read_text_of(path: Path) -> str:
    """What a file holds, its size asked before it is read. Raises FixbotError."""
    try:
        return read_given(str(path), MOST_BYTES, grounds()).decode()
    except OSError as error:
        raise FixbotError(f"{path}: cannot be read: {error.strerror}") from None
    except Unreadable as why:
        raise FixbotError(f"{path}: cannot be read: {why}") from None
    except UnicodeDecodeError:
        raise FixbotError(f"{path}: cannot be read: it is not UTF-8") from None
