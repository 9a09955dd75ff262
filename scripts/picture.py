"""Draw docs/pull-request.png: a real proposal for `examples/`, rendered as GitHub renders Markdown.

Needs Chromium on the PATH. Run it after the texts of proposals have changed: `python scripts/picture.py`.
"""
# ruff: noqa: INP001 - a script, not a package

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parent.parent
TITLE = "Make the root filesystem of orders-api read-only"
WIDTH = 860
STYLE = """
body { font: 15px/1.55 "Liberation Sans", Arial, sans-serif; color: #1f2328; background: #fff; margin: 0 }
body { padding: 26px 32px 22px }
h1 { font-size: 27px; font-weight: 400; line-height: 1.25; margin: 0 0 12px }
h1 span, .line, sub { color: #59636e }
.line { font-size: 14px; margin-bottom: 18px }
.line code { color: #0550ae; background: #ddf4ff }
.state { background: #59636e; color: #fff; border-radius: 16px; padding: 4px 13px; font-weight: 600 }
.body { border: 1px solid #d1d9e0; border-radius: 6px; padding: 4px 18px 2px }
a { color: #0969da; text-decoration: none }
code, pre { font: 12.5px/1.5 "Liberation Mono", monospace; background: #eff1f3; border-radius: 5px }
code { padding: 2px 5px }
pre { padding: 12px 14px; overflow: hidden }
pre code { padding: 0; background: none }
table { border-collapse: collapse; margin: 12px 0 }
th, td { border: 1px solid #d1d9e0; padding: 5px 12px; text-align: left }
details { margin: 8px 0 }
ul, ol { padding-left: 26px }
p { margin: 12px 0 }
sub { font-size: 12px }
"""


def proposal() -> dict[str, str]:
    """The proposal of that title, as `fixbot run --format json` has it."""
    command = [
        sys.executable,
        "-m",
        "fixbot",
        "run",
        "--no-cache",
        "--format",
        "json",
        str(ROOT / "examples"),
    ]
    report = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    (found,) = (each for each in report["proposals"] if each["title"] == TITLE)
    return {key: str(found[key]) for key in ("title", "body", "branch")}


def page(shown: dict[str, str]) -> str:
    """A page with the heading and the text of a pull request."""
    text = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(shown["body"])
    return f"""<!doctype html><meta charset="utf-8"><style>{STYLE}</style>
<h1>{html.escape(shown["title"])} <span>#128</span></h1>
<div class="line"><span class="state">Draft</span>&ensp; <b>fixbot</b> wants to merge 1 commit
into <code>main</code> from <code>{html.escape(shown["branch"])}</code></div><div class="body">{text}</div>
<script>document.title = document.documentElement.scrollHeight</script>"""


def browse(*words: str) -> str:
    """Chromium's output."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("no Chromium on the PATH")
    command = [browser, "--headless", "--no-sandbox", "--hide-scrollbars", "--disable-gpu", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main() -> None:
    """Measure the page, then draw it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "page.html")
        path.write_text(page(proposal()), encoding="utf-8")
        size = f"--window-size={WIDTH},400"
        found = re.search(r"<title>(\d+)</title>", browse(size, "--dump-dom", path.as_uri()))
        height = found[1] if found else "1200"
        picture = ROOT / "docs" / "pull-request.png"
        browse(f"--window-size={WIDTH},{height}", f"--screenshot={picture}", path.as_uri())


if __name__ == "__main__":
    main()
