"""`fixbot inventory`: what was read of a repository."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fixbot.checkout import Content
from fixbot.checkout.git_home import stranger_folders
from fixbot.cli.options import Format, Options
from fixbot.cli.scan_checkout import scan_checkout
from fixbot.cli.terminal import Terminal
from fixbot.report.inventory import render_inventory, render_inventory_json
from fixbot.source.codeowners import PLACES, find_owners

if TYPE_CHECKING:
    from fixbot.checkout import Checkout


def list_inventory(options: Options, environment: Mapping[str, str]) -> int:
    """Print or write it; returns the exit code: 1 where a part failed."""
    terminal = Terminal(environment, quiet=options.quiet)
    looked = scan_checkout(options, environment, terminal, contents=False)
    text = _read_owners(looked.checkout)

    def name_owner(path: str) -> str | None:
        return next(iter(find_owners(text, [path])), None)

    render = render_inventory_json if options.format is Format.JSON else render_inventory
    shown = render(looked.report, name_owner)
    if options.output is None or str(options.output) == "-":
        terminal.print_out(shown)
    else:
        terminal.write_file(options.output, shown, within=stranger_folders(options.path))
    return 1 if looked.report.failures else 0


def _read_owners(checkout: Checkout) -> str:
    found = next(iter(checkout.find_named(PLACES)), None)
    content = checkout.read_file(found) if found is not None else None
    return content.text if isinstance(content, Content) else ""
