"""A secret is hidden by its place, whatever it parses to, and wherever else it stands: in no output at all."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import fixbot.report.json
import fixbot.report.sarif
from fixbot.body import body
from fixbot.checkout import Checkout
from fixbot.fixer import find_fixers
from fixbot.model import Report
from fixbot.pipeline import run
from fixbot.settings import Settings
from fixbot.survive import survive
from fixbot.wording import word
from tests.secret_places import Files, cases, manifest, template, terraform, variable
