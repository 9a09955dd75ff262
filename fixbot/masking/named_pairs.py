"""Values that stand under a likely name: `name: value`, or `name` and `value` on lines nearby."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from fixbot.knowledge.classify_secrets import SecretKind, classify_value, holds_certain_secret
from fixbot.knowledge.secret_names import LONGEST, is_likely_name, may_name_secret
from fixbot.knowledge.secret_words import find_written_default, is_name_like, looks_random
from fixbot.masking.mask_spans import Span
from fixbot.masking.remarks import find_hidden_words

_HEAD: Final = re.compile(
    r"""(?P<quote>(?:\\{0,3}["'])?)(?<![\w-])(?<!\w\.)(?P<name>-{0,2}[A-Za-z_][\w.-]{0,120})(?P=quote)
    (?P<sign>[ \t]{0,40}(?:=>|[:=])[ \t]{0,40}(?:\\\r?\n[ \t]{0,40})?)""",
    re.VERBOSE,
)
_QUOTED: Final = re.compile(
    r"""\\{1,3}"(?P<escaped>[^"\\]++(?:\\{1,3}[^"\\][^"\\]*+)*+)
    |"(?P<double>(?:[^"\\]++|\\.)++)"|'(?P<single>(?:''|[^'])++)'""",
    re.VERBOSE | re.DOTALL,
)
_BARE: Final = re.compile(
    r"\$\{[^}\n]{0,100}\}|\{\{[^}\n]{0,100}\}\}|[\[{(][^\[\](){}\s,]{1,40}[\])}](?=[^\s,;.()\[\]{}\"'])|[^\s\"'\\\[{(,;}]"
)
_BARE_END: Final = re.compile(r"(?:[^\n\"',;}\])]++|,(?=\S))*+")
_LINE_START: Final = re.compile(r"(?:[ \t]|[+#;/-](?=[ \t+#;/-]|\w))*(?:(?:export|set|ENV|ARG)[ \t]+)?")
_TAGGED: Final = re.compile(
    r"""!(?:(?:Ref|GetAtt|ImportValue|FindInMap|Not|Equals|And|Or|Condition)\b|If[ \t]*$
    |If[ \t]+\[[ ]?\w{1,255}(?:,[ ]?!(?:Ref|GetAtt|ImportValue)[ ]["']?[\w:.]{1,255}["']?){2}[ ]?\])""",
    re.VERBOSE | re.MULTILINE,
)
_KEY: Final = re.compile(r"[A-Z][A-Z_]*")
_REFERRING: Final = frozenset({"existingSecret", "ServiceToken"})
_CODE: Final = re.compile(r"[A-Za-z_]\w*(?:(?:\.[\w\[\]*$-]+)+\s*|\(.*)\Z", re.DOTALL)
_VALUE_KEYS: Final = frozenset({"value", "Value", "default", "Default"})
_NAME_KEYS: Final = frozenset({"name", "Name", "key", "Key"})
_REACH: Final = 3
"""Lines between a name and its value."""
_BETWEEN: Final = 200
"""Characters behind a value in which a brace may end what it stands in: then the next name is another's."""
_JUDGED: Final = 400
"""Characters of a value that are judged; one that goes on for longer is hidden to its end."""


_BLOCK: Final = re.compile(
    r"(?<!\w)variable[ \t]{1,4}\"(?P<name>[\w-]{2,80})\"[ \t]{0,4}\{(?:[^{}\"]|\"[^\"\n]{0,200}\"){0,400}?"
    r"(?<!\w)default[ \t]{0,20}=[ \t]{0,4}\"(?P<value>[^\"\n]+)\""
)
"""A variable of Terraform with its default, where it stands in a comment."""


def find_named_spans(text: str) -> Iterator[Span]:
    """Values that stand under a likely name, in the same place or as `name` and `value` nearby."""
    for block in _BLOCK.finditer(text) if "variable" in text and "default" in text else ():
        if (found := _span_if_secret(block["name"], text, *block.span("value"))) is not None:
            yield found
    yield from _find_pairs(text)


def _find_pairs(text: str) -> Iterator[Span]:
    name_above: tuple[int, str] | None = None
    value_above: tuple[int, int, int] | None = None
    line, counted, at, bare = 0, 0, 0, (0, 0)
    while (head := _HEAD.search(text, at)) is not None:
        at = head.end()
        name = head["name"].lstrip("-")
        if not _is_telling_pair(head, name) or (body := _find_value(text, head, bare)) is None:
            continue
        start, end, bare = body
        line += text.count("\n", counted, head.start())
        counted = head.start()
        found: Span | None = None
        if name in _NAME_KEYS:
            name_above = line, text[start : min(end, start + LONGEST)]
            closed = value_above is not None and "}" in text[value_above[2] : head.start()][:_BETWEEN]
            if value_above is not None and not closed and line - value_above[0] < _REACH:
                found = _span_if_secret(name_above[1], text, *value_above[1:])
            value_above = None
        elif name in _VALUE_KEYS:
            if name_above is not None and line - name_above[0] < _REACH:
                found = _span_if_secret(name_above[1], text, start, end)
            value_above = line, start, end
        elif not (
            head["sign"].strip() == "="
            and text[start - 1] not in "\"'"
            and _CODE.match(text, start, min(end, start + _JUDGED))
        ):
            found = _span_if_secret(name, text, start, end)
        if found is not None:
            at = max(at, found[1])
            yield found
            yield from _find_words_behind(text, head, at)


def _find_words_behind(text: str, head: re.Match[str], at: int) -> Iterator[Span]:
    """What of the remark behind a value is no plain word: files of properties know no remarks."""
    if text[at : at + 2] == " #" and _begins_line(text, head):
        stop = text.find("\n", at)
        yield from find_hidden_words(text, at, stop if stop >= 0 else len(text))


def _is_telling_pair(head: re.Match[str], name: str) -> bool:
    """Whether something reads like `name: value` and its name may tell; pairs in values are found too."""
    if _is_joined(head):
        return is_likely_name(name)
    return (
        name in _NAME_KEYS
        or name in _VALUE_KEYS
        or ((is_likely_name(name) or may_name_secret(name)) and name not in _REFERRING)
    )


def _is_joined(head: re.Match[str]) -> bool:
    """Whether nothing stands between a colon and the value, as files of properties have it."""
    return not head["quote"] and head["sign"].endswith(":")


def _is_no_name(value: str) -> bool:
    """Whether nobody is called so: what has several blanks is a sentence of pass words."""
    return value.count(" ") > 1 or not is_name_like(value)


def _begins_line(text: str, head: re.Match[str]) -> bool:
    """Whether nothing stands before it on its line but what a script or a list begins with."""
    line = text.rfind("\n", max(0, head.start() - 200), head.start()) + 1
    return (line > 0 or head.start() <= 200) and _LINE_START.fullmatch(text, line, head.start()) is not None


def _find_value(text: str, head: re.Match[str], bare: Span) -> tuple[int, int, Span] | None:
    """Where the value stands, and the stretch without quotes that ends with it, so that none is read twice.

    Without quotes and at the head of a line it goes on to the line's end.
    """
    at = head.end()
    if _TAGGED.match(text, at):
        return None
    if (quoted := _QUOTED.match(text, at)) is not None:
        return *quoted.span(quoted.lastgroup or 0), bare
    first = _BARE.match(text, at)
    if first is None:
        return None
    if not bare[0] <= first.end() < bare[1]:
        rest = _BARE_END.match(text, first.end())
        bare = first.end(), rest.end() if rest is not None else first.end()
    end = max(bare[1], first.end())
    if _begins_line(text, head):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
    comment = text.find(" #", at, end)
    end = comment if comment >= 0 else end
    while end > at and text[end - 1] in " \t\r,":
        end -= 1
    if _is_joined(head) and not (_begins_line(text, head) and _is_no_name(text[at:end])):
        return None  # `secret:db` in an ARN is no pair
    return at, end, bare


def _span_if_secret(name: str, text: str, start: int, end: int) -> Span | None:
    """The value's place, if its name and form say that it is a secret; of a long one the head is judged."""
    value = text[start : min(end, start + _JUDGED)]
    if not is_likely_name(name):
        bare = value.rstrip("]}) \t")
        word = bare.partition(" ")[0]  # `AGE_KEY=… run -d x`
        if not may_name_secret(name) or not looks_random(word):
            return None
        return start, start + len(word) if word != bare else end
    value = (find_written_default(value) or value) if value[:1] == "$" else value
    bare = value.rstrip("]}) \t")
    kind = classify_value(name, bare).kind
    if kind is SecretKind.NONE:
        return None  # `ManageMasterUserPassword: true}}` at the end of something on one line
    if name == "secretKey" and _KEY.fullmatch(value):
        return None  # an ExternalSecret's word for the key that it fills
    kind = classify_value(name, value).kind if bare != value else kind
    likely = kind is SecretKind.LIKELY or (kind is SecretKind.CERTAIN and not holds_certain_secret(value))
    return (start, end) if likely else None
