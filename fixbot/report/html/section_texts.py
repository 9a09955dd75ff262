"""What the page says by itself: its headings, and how to use it."""

from __future__ import annotations

from dataclasses import dataclass

from fixbot.report.html.markup import Html


@dataclass(frozen=True, slots=True)
class SectionHeading:
    """A section's id, title and first sentence; `empty` is said where nothing stands under it."""

    key: str
    title: str
    intro: str | Html = ""
    empty: str = ""
    filtered: bool = False
    """Whether the filter hides rows in it."""


HEADINGS = {
    each.key: each
    for each in (
        SectionHeading("pulls", "Pull requests"),
        SectionHeading(
            "posture",
            "Posture by service",
            "What has findings, the gravest first. A service without any is not listed.",
            "No service has findings in what was read.",
        ),
        SectionHeading(
            "proposals",
            "Proposals",
            Html(
                "Each fix was applied, parsed, compared as data and scanned again before it was listed. "
                "<code>fixbot run --write</code> writes all of them into the working tree; "
                "<code>fixbot run --branch</code> makes a local branch of each."
            ),
            "There is nothing to propose.",
            filtered=True,
        ),
        SectionHeading("loose", "Fixed, in no proposal", filtered=True),
        SectionHeading(
            "refused",
            "Left alone",
            "A fix exists in principle. Why it is not safe here, and what a person can do:",
            filtered=True,
        ),
        SectionHeading(
            "manual", "For a person to do", "No machine should fix these. What to do:", filtered=True
        ),
        SectionHeading(
            "suppressed", "Ignored, as asked", "The reasons are those of whoever asked for it.", filtered=True
        ),
        SectionHeading(
            "unread", "Not read", "These places could matter. They do not count as clean.", filtered=True
        ),
        SectionHeading("controls", "Controls by framework", "A finding may count for several controls."),
        SectionHeading("guide", "How to use this page"),
    )
}

GUIDE = Html("""
<p>The page holds everything it shows: it loads nothing, stores nothing and works without scripts.
Secrets are masked as <code>••••••</code>, always that wide.</p>
<dl class="keys">
<div><dt><kbd>j</kbd> <kbd>k</kbd></dt><dd>the next proposal, the one before</dd></div>
<div><dt><kbd>Enter</kbd></dt><dd>unfolds or folds what has the focus</dd></div>
<div><dt><kbd>/</kbd></dt><dd>goes to the filter; <kbd>Esc</kbd> there shows all again</dd></div>
<div><dt><kbd>?</kbd></dt><dd>shows these keys</dd></div>
</dl>
<p class="scripted" hidden><label><input type="checkbox" id="single" checked> Use the keys
<kbd>j</kbd>, <kbd>k</kbd>, <kbd>/</kbd> and <kbd>?</kbd></label></p>
<ul>
<li>Each place (<code>file:line</code>) is a link to its own row, to be passed on; so is
“link to this proposal”.</li>
<li>The filter looks for its text in titles, places, names, reasons and controls. The tables of posture
and controls always count the whole run.</li>
<li>Printed, everything that the filter shows is unfolded.</li>
</ul>
""")
