"""Templates in which chance and the clock have no part: else no two renderings of a chart could be compared.

The functions of Sprig that make something new each time are replaced, in the copy that is rendered, by such
that make the same of the same arguments.
"""

from __future__ import annotations

import re
from typing import Final

from fixbot.render.template_text import find_actions

_SETTLED: Final = {
    "randAlphaNum": 'printf "r%v"',
    "randAlpha": 'printf "r%v"',
    "randAscii": 'printf "r%v"',
    "randNumeric": 'printf "1%v"',
    "randBytes": 'printf "cmFuZG9t%.0v"',
    "randInt": "add",
    "uuidv4": '(print "00000000-0000-4000-8000-000000000000")',
    "now": '(toDate "2006-01-02" "2024-01-01")',
    "genPrivateKey": 'printf "key %v"',
    "genCA": 'dict "Cert" "certificate" "Key" "key"',
    "genCAWithKey": 'dict "Cert" "certificate" "Key" "key"',
    "genSelfSignedCert": 'dict "Cert" "certificate" "Key" "key"',
    "genSelfSignedCertWithKey": 'dict "Cert" "certificate" "Key" "key"',
    "genSignedCert": 'dict "Cert" "certificate" "Key" "key"',
    "genSignedCertWithKey": 'dict "Cert" "certificate" "Key" "key"',
    "htpasswd": 'printf "%v:%v"',
    "bcrypt": 'printf "bcrypt %v"',
    "encryptAES": 'printf "%v %v"',
}
_NAMES: Final = re.compile(rf"(?<![\w.$])(?:{'|'.join(sorted(_SETTLED, key=len, reverse=True))})(?![\w.])")
_STRING: Final = re.compile(
    r"\"(?:[^\"\\]|\\.)*(?:\"|\\?\Z)|`[^`]*(?:`|\Z)|'(?:[^'\\]|\\.)*(?:'|\\?\Z)|/\*.*?(?:\*/|\Z)", re.DOTALL
)


def settle_chance(text: str) -> str:
    """The template with the same lines, and the same outcome each time."""
    if _NAMES.search(text) is None:
        return text
    out, at = [], 0
    for action in find_actions(text):
        out += [text[at : action.start], _settle_action(text[action.start : action.end])]
        at = action.end
    return "".join([*out, text[at:]])


def _settle_action(action: str) -> str:
    out, at = [], 0
    for string in _STRING.finditer(action):
        out += [_NAMES.sub(_settle_name, action[at : string.start()]), string[0]]
        at = string.end()
    return "".join([*out, _NAMES.sub(_settle_name, action[at:])])


def _settle_name(found: re.Match[str]) -> str:
    return _SETTLED[found[0]]
