"""Forms in which scripts, lists of words and prose write secrets down: options, headers, logins, sentences.

Each pattern begins with what is rare in a text, and is bounded, so that time grows with the text's length only.
What is found is where a value stands; whether it is a secret's is for `classify` to say where a name is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from fixbot.knowledge.secret_names import is_header_name, is_likely_name

Place = tuple[int, int]

_QUOTE: Final = r"\\{0,3}[\"']"
_BETWEEN: Final = rf"(?:[ \t]{{1,4}}|{_QUOTE}[ \t]{{0,4}},?[ \t]{{0,4}}(?={_QUOTE}))"
"""Between an option and its value: blanks, or the end of one word of a list and the next word's beginning."""
_VALUE: Final = (
    r"(?:\\{1,3}\"(?P<escaped>[^\"\\\n]{1,4000})|\"(?P<double>(?:[^\"\\\n]|\\.){1,4000})|'(?P<single>[^'\n]{1,4000})"
    r"|(?P<bare>[^\s\"'\\,;|&)\]}<>][^\s\"'\\;|&)\]}]{0,2000}))"
)
_HOLES: Final = ("$", "%", "<", "{{", "••")
_OPTION: Final = re.compile(rf"(?<![\w-])--?(?P<name>[A-Za-z][\w.-]{{2,60}}){_BETWEEN}(?!-){_VALUE}")
_DEFINED: Final = re.compile(rf"(?<![\w-])-D(?P<name>[\w.-]{{2,80}})={_VALUE}")
_SCHEMED: Final = re.compile(
    r"(?:(?<![\w-])(?P<lone>(?i:bearer|basic|splunk|geniekey|ssws))[ \t]{1,4}"
    r"|(?i:authorization)[\"'\\ \t]{0,4}[:=,][\"'\\ \t]{0,4}(?:[A-Za-z]{3,12}[ \t]{1,4}(?=[^\s\"'\\]))?)"
    r"(?P<value>[^\s\"'\\,;)\]}]{3,4000})"
)
_HEADER: Final = re.compile(
    r"(?<![\w-])(?P<name>(?i:x-[\w-]{0,40}|private-token|api-?key|cookie|set-cookie))[ \t]{0,2}:[ \t]{0,4}"
    r"(?P<value>[^\s\"'\\][^\n\"'\\]{0,2000})"
)
_FLAGS: Final = {
    "-p": "sshpass docker podman nerdctl buildah skopeo helm crane oras regctl mongo mongosh mongodump mongorestore"
    " mongoexport mongoimport cqlsh rabbitmqadmin az 7z 7za",
    "-P": "sqlcmd bcp osql isql tsql zip unzip",
    "-a": "redis-cli valkey-cli keydb-cli",
    "-w": "ldapsearch ldapadd ldapmodify ldapdelete ldapwhoami ldappasswd ldapcompare",
    "(?:-[uU]|--(?:proxy-)?user)": "curl smbclient",
}
_ATTACHED: Final = ["mysql", "mysqldump", "mysqladmin", "mysqlimport", "mysqlcheck", "mysqlshow", "mysqlslap", "mariadb", "mariadb-dump", "mariadb-admin", "mycli"]
_NEEDS_LOGIN: Final = frozenset(["docker", "podman", "nerdctl", "buildah", "skopeo", "helm", "crane", "oras", "regctl", "az"])
_REACH: Final = 400
"""Characters behind a program's name in which its options are looked for."""


def _programs() -> dict[str, re.Pattern[str]]:
    between = rf"(?:{_QUOTE}[ \t]{{0,4}},[ \t]{{0,4}}(?={_QUOTE})|[ \t]{{0,4}})"
    found: dict[str, list[str]] = {program: ["-p(?=\\S)"] for program in _ATTACHED}
    for flag, programs in _FLAGS.items():
        for program in programs.split():
            found.setdefault(program, []).append(flag)
    return {
        program: re.compile(rf"(?<=[\s\"',\[])(?:{'|'.join(flags)}){between}{_VALUE}")
        for program, flags in found.items()
    }


_PROGRAMS: Final = _programs()
_PROGRAM: Final = re.compile(
    rf"(?<![\w.-])(?P<program>{'|'.join(sorted(map(re.escape, _PROGRAMS), key=len, reverse=True))})(?![\w-])"
)
_SAID: Final = re.compile(
    r"(?i:password|passwd|passwort|passphrase|requirepass|masterauth|secret|token|pw|api[ _-]?key)"
    r"(?:[ \t]{0,4}(?:->|=>)|[ \t]{1,4}(?i:is|was|to|now|old|new)\b:?)?[ \t]{1,4}[\"'`]?"
    r"(?P<value>[^\s\"'`,;<>{}()\[\]!&*=:-][^\s\"'`,;<>{}()\[\]]{3,500})"
)
_SQL: Final = re.compile(
    r"(?i:identified[ \t]{1,4}(?:with[ \t]{1,4}[\w']{1,60}[ \t]{1,4})?(?:by|as)|\bpassword)[ \t(]{1,6}"
    r"\\{0,3}(?P<quote>[\"'])(?P<value>[^\"'\\\n]{1,500})\\{0,3}(?P=quote)"
)
_ELEMENT: Final = re.compile(r"<(?P<name>[A-Za-z][\w.:-]{1,60})>(?P<value>[^<>\n]{1,2000})</")
_PIPED: Final = re.compile(
    rf"(?:(?<![\w-])(?:echo|printf)(?:[ \t]{{1,4}}-[neE]{{1,3}})?(?:[ \t]{{1,4}}{_QUOTE}%s(?:\\{{1,4}}n)?{_QUOTE})?"
    rf"[ \t]{{1,4}}{_VALUE})"
)
_INTO: Final = re.compile(
    r"\\{0,3}[\"']?[ \t]{0,4}\|[^\n;]{0,200}(?:login|-stdin|chpasswd|sudo[ \t]+-S|passphrase|passwd|htpasswd|secret)"
)
_HERE: Final = re.compile(
    rf"(?:login|-stdin|chpasswd|passphrase|passwd)[^\n;|]{{0,200}}<<<[ \t]{{0,4}}{_VALUE}"
)
_PASS: Final = re.compile(r"(?<![\w-])pass:(?P<value>[^\s\"'\\,;)\]}]{1,500})")
_LOGIN: Final = re.compile(
    r"(?<![\w./@%+-])(?!(?:mailto|sip|sips|xmpp|acct|urn|arn|git|ssh|npm|sha256|docker|oci|image)[:])"
    r"[A-Za-z][\w.+-]{0,60}:(?P<value>(?!/)[^\s:@/\"'<>{},]{3,256})@(?!sha\d{3}:)(?=[\w\[(.-])"
)
_USER_ONLY: Final = re.compile(
    r"(?:https?|git\+https?)://(?P<value>[^\s:@/\"'<>?#]{8,512})@(?P<host>[^\s\"'<>]{0,253})"
)
_ORACLE: Final = re.compile(r"jdbc:oracle:\w{1,10}:[^\s/@\"'<>]{1,128}/(?P<value>[^\s@\"'<>]{1,256})@")
_WORD: Final = re.compile(r"[A-Za-z]?[a-z]{0,14}(?:[-_.'][a-z]{1,14}){0,4}[.!?:]?")
_NAME_PART: Final = r"(?:[A-Za-z]?[a-z]{0,14}|[A-Za-z][a-z]{2,14}(?:[A-Z][a-z]{2,14}){1,3}|[A-Z]{1,5})\d{0,4}"
_NAME_LIKE: Final = re.compile(rf"{_NAME_PART}(?:[-_. /]{_NAME_PART}){{0,5}}")
_HEX_KEY: Final = re.compile(r"[0-9a-f]{32}")
_GATES: Final = ("://", "@", "pass:", "<<<", "echo", "printf", "</")


def is_plain_word(text: str) -> bool:
    """Whether it reads like a word or a name, not like something that was made up by a machine."""
    return _WORD.fullmatch(text) is not None


def is_name_like(text: str) -> bool:
    """Whether somebody may be called so: short words in small letters, with a number behind them at most."""
    return _NAME_LIKE.fullmatch(text) is not None


def is_hole(text: str) -> bool:
    """Whether something else stands there for the value: a variable, a template's hole, dots."""
    return text.startswith(_HOLES)


def shaped_spans(text: str) -> Iterator[Place]:
    """Where the values of all these forms stand in a text."""
    if "-" in text:
        yield from _options(text)
        yield from _programs_options(text)
        yield from _headers(text)
    lower = text.lower()
    if "uthorization" in lower or "bearer" in lower or "basic" in lower or "splunk" in lower:
        yield from _schemed(text)
    if any(word in lower for word in ("pass", "secret", "token", "pw", "identified", "key")):
        yield from _said(text)
    for gate in _GATES:
        if gate in text:
            yield from _gated(gate, text)


def _gated(gate: str, text: str) -> Iterator[Place]:
    match gate:
        case "://":
            yield from _addressed(text)
        case "@":
            yield from (m.span("value") for m in _LOGIN.finditer(text) if not is_hole(m["value"]))
            if "jdbc:oracle" in text:
                yield from (m.span("value") for m in _ORACLE.finditer(text) if not is_hole(m["value"]))
        case "pass:":
            yield from (m.span("value") for m in _PASS.finditer(text) if not is_hole(m["value"]))
        case "<<<":
            yield from _values(_HERE.finditer(text))
        case "</":
            named = (m for m in _ELEMENT.finditer(text) if is_likely_name(m["name"]))
            yield from (m.span("value") for m in named if not is_hole(m["value"]))
        case _:
            yield from _values(m for m in _PIPED.finditer(text) if _INTO.match(text, m.end()))


def _values(found: Iterator[re.Match[str]]) -> Iterator[Place]:
    for match in found:
        group = next((g for g in ("escaped", "double", "single", "bare") if match[g] is not None), None)
        if group is not None and not is_hole(match[group]):
            yield match.span(group)


def _options(text: str) -> Iterator[Place]:
    yield from _values(m for m in _OPTION.finditer(text) if is_likely_name(m["name"]))
    yield from _values(m for m in _DEFINED.finditer(text) if is_likely_name(m["name"]))


def _programs_options(text: str) -> Iterator[Place]:
    for found in _PROGRAM.finditer(text):
        program, end = found["program"], found.end() + _REACH
        line = text.find("\n", found.end(), end)
        end = line if line >= 0 else min(end, len(text))
        if program in _NEEDS_LOGIN and "login" not in text[found.end() : end]:
            continue
        for start, stop in _values(_PROGRAMS[program].finditer(text, found.end(), end)):
            if program in ("curl", "smbclient"):
                user = re.search(r"[:%]", text[start:stop])
                if user is None or is_hole(text[start + user.end() : stop]):
                    continue
                start += user.end()
            yield start, stop


def _headers(text: str) -> Iterator[Place]:
    for match in _HEADER.finditer(text):
        name, value = match["name"], match["value"]
        if (is_likely_name(name) or is_header_name(name)) and not is_hole(value):
            yield match.start("value"), match.start("value") + len(value.rstrip())


def _schemed(text: str) -> Iterator[Place]:
    for match in _SCHEMED.finditer(text):
        value = match["value"]
        if is_hole(value) or (is_plain_word(value) and (match["lone"] is not None or len(value) < 12)):
            continue
        if not (match["lone"] is not None and len(value) < 8):
            yield match.span("value")


def _said(text: str) -> Iterator[Place]:
    for match in _SAID.finditer(text):
        value = match["value"]
        if not is_hole(value) and not is_plain_word(value) and "=" not in value[:-2]:
            yield match.span("value")
    yield from (m.span("value") for m in _SQL.finditer(text) if not is_hole(m["value"]))


def _addressed(text: str) -> Iterator[Place]:
    for match in _USER_ONLY.finditer(text):
        value, host = match["value"], match["host"]
        public = _HEX_KEY.fullmatch(value) and ("sentry" in host or re.fullmatch(r"[^/]+/\d{1,12}", host))
        if not is_hole(value) and not public and not is_plain_word(value):
            yield match.span("value")


_HINT: Final = re.compile(
    r"(?:[Pp]ass|PASS|[Pp]wd|PWD|[Pp]w|PW|[Tt]oken|TOKEN|[Ss]ecret|SECRET|[Kk]ey|KEY|[Aa]uth|AUTH|[Cc]red|CRED|[Cc]ookie|dsn|DSN"
    r"|[Ss]alt|SALT|[Bb]earer|Basic)[\w.-]{0,20}(?:=|>|:[ \t\"'{]|\\{0,3}[\"'][ \t,:]|[ \t])"
    r"|(?<![\w-])-(?:[apPuUw](?:[ \"']|[^-\s])|D)|:[^\s/]{1,99}@|://[^\s/]{8,99}@|[?&]\w{1,20}=|IDENTIFIED|identified|AKIA|ASIA"
    r"|PRIVATE KEY|[rs]k_live|gh[pousr]_|github_pat|glpat|xox|eyJ|AIza|hvs\.|npm_|pypi-|SG\.|sk-|pass:|hooks\.slack"
)


def may_hold_shapes(text: str) -> bool:
    """Whether it is worth a closer look; most texts aren't."""
    return len(text) > 5 and _HINT.search(text) is not None


def option_name(option: str, beside: Iterable[str]) -> str:
    """The name under which the next word of a list is a secret, if this is an option for one; else nothing.

    Options of one letter mean a password beside some programs only: `beside` are the words around.
    """
    name = option.lstrip("-")
    if len(name) > 1:
        return name if is_likely_name(name) and "=" not in name else ""
    words = " ".join(beside)
    for found in _PROGRAM.finditer(words):
        program = found["program"]
        if program in _NEEDS_LOGIN and "login" not in words:
            continue
        if _PROGRAMS[program].search(f" {option} x") or _PROGRAMS[program].search(f" {option} u:x"):
            return "password"
    return ""
