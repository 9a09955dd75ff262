"""Where the program begins and ends: every way out is one line and an exit code, never a traceback."""

from __future__ import annotations

# ruff: noqa: E402, I001 - nothing else may be imported before the current folder is off the path

import os
import sys

from fixbot.cli.import_path import isolate_import_path

isolate_import_path()

import signal
from contextlib import suppress

from fixbot import __version__
from fixbot.model.errors import FixbotError

INTERRUPTED, NOBODY_READS, OUR_BUG = 130, 141, 3
SIGNALS = 128
"""What a shell adds to the number of the signal that ended a program."""


class Ended(KeyboardInterrupt):
    """Somebody else asked the program to end; all that is half done is cleaned up, as for Ctrl-C."""


def main(arguments: list[str] | None = None) -> int:
    """Run the program. 0 done, 1 findings or a part failed, 2 wrongly called, 3 a bug of ours."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["--version"]:
        sys.stdout.write(f"fixbot {__version__}\n")
        return 0
    try:
        _listen_for_signals()
        from fixbot.cli.app import execute_command  # noqa: PLC0415 - typer costs 100 ms, and --version can do without

        code = execute_command(arguments)
        sys.stdout.flush()
    except FixbotError as error:
        return _report_line(str(error), error.exit_code)
    except KeyboardInterrupt as end:
        code = SIGNALS + end.args[0] if isinstance(end, Ended) else INTERRUPTED
        return _report_line("interrupted; every file is either as it was or whole", code)
    except BrokenPipeError:
        # What is still in the buffer must not fail once more when Python exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOBODY_READS
    except Exception as error:  # noqa: BLE001 - the last net: whatever it is, the user gets one line
        from fixbot.cli.crash_report import describe_crash  # noqa: PLC0415 - hardly ever needed

        return _report_line(describe_crash(error, debug="--debug" in arguments), OUR_BUG)
    return code


def _listen_for_signals() -> None:
    """Have the signals that end programs raised as exceptions, where nobody has decided otherwise."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        with suppress(ValueError):  # only the main thread may ask
            if number is not None and signal.getsignal(number) == signal.SIG_DFL:
                signal.signal(number, _raise_ended)


def _raise_ended(number: int, _frame: object) -> None:
    raise Ended(number)


def _report_line(line: str, code: int) -> int:
    with suppress(OSError, ValueError):
        from fixbot.text.characters import sanitize_lines, escape_hidden  # noqa: PLC0415 - `--version` can do without

        sys.stderr.write(f"fixbot: {sanitize_lines(escape_hidden(line))}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
