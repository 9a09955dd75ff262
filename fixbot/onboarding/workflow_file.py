"""The workflow that `fixbot init` writes."""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING, Final

from fixbot.onboarding.action_reference import WEB, action_reference

if TYPE_CHECKING:
    from fixbot.onboarding.survey import RepositorySurvey

PATH: Final = ".github/workflows/fixbot.yml"
CHECKOUT: Final = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
HOUR: Final = 5
_TEXT: Final = Template("""\
# Repairs misconfigurations in ECS, CloudFormation, Terraform, Kubernetes and IAM files, by pull requests.
# Every input: $web/blob/main/docs/github-action.md
name: fixbot

on:
  schedule:
    - cron: "$minute $hour * * 1-5" # UTC, on working days
  workflow_dispatch:
  pull_request:

permissions: {}

# One run at a time: a run that is cut off would leave its work to the next one.
concurrency:
  group: fixbot-$${{ github.event.pull_request.number || 'repository' }}
  cancel-in-progress: false

jobs:
  check:
    name: Check what a pull request touches
    if: github.event_name == 'pull_request'
    runs-on: ubuntu-latest
    timeout-minutes: 15
    permissions:
      contents: read
      pull-requests: write # one comment, kept up to date; without it the page of the run says the same$scan
    steps:
      - uses: $checkout
        with:
          persist-credentials: false
          fetch-depth: 2 # the lines that the pull request touches are told from these two commits
      - uses: $action$check

  pull-requests:
    name: Open and update fixbot's pull requests
    if: github.event_name != 'pull_request'
    runs-on: ubuntu-latest
    timeout-minutes: 30
    permissions:
      contents: write # the branches
      pull-requests: write # and what they are for
      issues: write # the dashboard$scan
    steps:
      - uses: $checkout
        with:
          persist-credentials: false
          fetch-depth: 100 # titles follow the habit of the latest commits
      - uses: $action$opens
""")
_SCAN: Final = "\n      security-events: write # findings for code scanning"
_UNPINNED: Final = "# zizmor: ignore[unpinned-uses] the commit of that release pins it for good"
_APP: Final = (
    "          # Workflows of these pull requests wait for an approval, unless a GitHub App opens them:",
    "          # app-id: ${{ vars.FIXBOT_APP_ID }}",
    "          # app-private-key: ${{ secrets.FIXBOT_APP_PRIVATE_KEY }}",
)


def render_workflow(ground: RepositorySurvey) -> str:
    """Its text. The least rights, pins by commit, and no credentials left in the checkout."""
    upload = ['          upload-sarif: "true"'] if ground.scanning else []
    check = ["        with:", *upload] if upload else []
    opens = ["        with:" if upload else "        # with:", *upload, *_APP]
    named = action_reference()
    return _TEXT.substitute(
        web=WEB,
        minute=ground.schedule_minute,
        hour=HOUR,
        checkout=CHECKOUT,
        action=named if "#" in named else f"{named} {_UNPINNED}",
        scan=_SCAN if ground.scanning else "",
        check="".join(f"\n{line}" for line in check),
        opens="".join(f"\n{line}" for line in opens),
    )
