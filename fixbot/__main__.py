"""Where the program begins and ends: every way out is one line and an exit code, never a traceback."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from fixbot import __version__
from fixbot.errors import FixbotError

INTERRUPTED, NOBODY_READS, OUR_BUG = 130, 141, 3


def main(arguments: list[str] | None = None) -> int:
    """Run the program. 0 done, 1 findings or a part failed, 2 wrongly called, 3 a bug of ours."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["--version"]:
        sys.stdout.write(f"fixbot {__version__}\n")
        return 0
    try:
        from fixbot.cli.app import execute  # noqa: PLC0415 - typer costs 100 ms, and --version can do without

        code = execute(arguments)
        sys.stdout.flush()
    except FixbotError as error:
        return _said(str(error), error.exit_code)
    except KeyboardInterrupt:
        return _said("interrupted; every file is either as it was or whole", INTERRUPTED)
    except BrokenPipeError:
        # What is still in the buffer must not fail once more when Python exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOBODY_READS
    except Exception as error:  # noqa: BLE001 - the last net: whatever it is, the user gets one line
        from fixbot.cli.crash import describe  # noqa: PLC0415 - hardly ever needed

        return _said(describe(error, debug="--debug" in arguments), OUR_BUG)
    return code


def _said(line: str, code: int) -> int:
    with suppress(OSError, ValueError):
        text = f"fixbot: {line}\n"
        sys.stderr.write(text.encode("utf-8", "backslashreplace").decode())
    return code


if __name__ == "__main__":
    sys.exit(main())
