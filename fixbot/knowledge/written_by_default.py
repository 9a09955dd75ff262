"""Files that programs write where nothing, or an option of an odd form, names them.

Sources: the manuals of each: java (-Xlog), Next.js ("next start" fills .next/cache), celery beat
(--schedule), gpg (--homedir), logrotate (--state), keytool (-cacerts), supervisord (logfile, pidfile).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from fixbot.syntax.shell import Invocation

_LOG_FILE: Final = re.compile(r"-Xlog[^:]*:.*?file=([^:,]+)|-Xloggc:(.+)")
_KEYS: Final = re.compile(
    r"--(?:fast-)?import|--recv-keys?|--receive-keys|--(?:full-)?gen(?:erate)?-key|--edit-key"
)
_INLINE: Final = re.compile(r"-(?:[a-zA-Z]{0,4}[cer]|-eval|-run)|eval")
_WRITES_SOMEHOW: Final = re.compile(
    r"open\w*[ (][^()\n]{0,200}[\"'][\"' ,mode=]{0,12}(?:[wax]|r?\+|>{1,2})|[wW]rite|put_contents|mkdir|touch"
    r"|rename|unlink|copy|symlink|chmod|dump|save|extract|mkstemp|system|popen|subprocess|spawn|exec[^u]|eval"
    r"|`|b64decode|base64"
)
"""Words of Python, JavaScript, Ruby, Perl and PHP by which something is written, or might be."""
_PATH_IN_CODE: Final = re.compile(r"[\"'>](/[^\s\"'`:]{1,200})")
EVERYWHERE: Final = "/"
"""Stands for what package managers write: all over the root."""


def find_java_files(each: Invocation) -> Iterator[str]:
    """The logs of the virtual machine, which doesn't start without them."""
    for word in each.words:
        if (found := _LOG_FILE.match(word)) is not None:
            yield (found[1] or found[2]).strip('"')


def find_next_cache(each: Invocation) -> Sequence[str]:
    """What Next.js keeps beside its build; a build writes more."""
    words = [word for word in each.words if word not in ("next", "exec", "run")]
    starts = each.program == "next" or "next" in each.words
    if starts and words[:1] in (["build"], ["export"]):
        return (".",)
    return (".next/cache",) if starts and words[:1] in (["start"], ["dev"]) else ()


def find_beat_schedule(each: Invocation) -> Sequence[str]:
    """The schedule of celery's beat, in the current folder where no option says otherwise."""
    named = any(re.match(r"(?:-s|--schedule)\b", word) for word in each.words)
    return () if named or not {"beat", "-B", "--beat"} & set(each.words) else ("celerybeat-schedule",)


def find_key_ring(each: Invocation) -> Sequence[str]:
    """The keys of GnuPG, where it is told to take some in or make one."""
    if not any(map(_KEYS.fullmatch, each.words)) or any("--homedir" in word for word in each.words):
        return ()
    return ("~/.gnupg",)


def find_rotation_state(each: Invocation) -> Sequence[str]:
    """Where logrotate remembers what it did."""
    named = any(re.match(r"(?:-s|--state)\b", word) for word in each.words)
    return () if named else ("/var/lib/logrotate",)


def find_key_store(each: Invocation) -> Iterator[str]:
    """The store that keytool changes, and the file that it exports to."""
    pairs = list(zip(each.words, each.words[1:], strict=False))
    yield from (value for option, value in pairs if option in ("-keystore", "-destkeystore"))
    if "-cacerts" in each.words:
        yield "/etc/ssl/certs/java/cacerts"
    if any(word.startswith("-export") or word in ("-certreq", "-gencert") for word in each.words):
        yield from (value for option, value in pairs if option in ("-file", "-outfile"))


def find_supervisor_files(each: Invocation) -> Sequence[str]:
    """The log and the process id of supervisord, in the current folder where no option says otherwise."""
    named = {word.partition("=")[0] for word in each.words}
    log, pid = {"-l", "--logfile"} & named, {"-j", "--pidfile"} & named
    return () if log and pid else (".",)


def find_artisan_files(each: Invocation) -> Sequence[str]:
    """What consoles of PHP frameworks write below the application."""
    console = any(
        word.rpartition("/")[2] in ("artisan", "console", "occ", "wp-cli.phar") for word in each.words
    )
    return (".",) if console else ()


def find_python_files(each: Invocation) -> Sequence[str]:
    """Environments, packages, and what Django's commands make below the application."""
    words = each.words
    if words[:2] == ("-m", "venv"):
        return words[2:3]
    if words[:2] == ("-m", "pip"):
        return (EVERYWHERE,) if "install" in words else ()
    writing = ("collectstatic", "makemigrations", "compilemessages", "makemessages", "compress")
    return (".",) if words[:1] and words[0].endswith("manage.py") and any(w in writing for w in words) else ()


def find_inline_files(each: Invocation) -> Sequence[str]:
    """What a script that stands in a command writes, in a language that is not read: paths in it, or it may.

    Nothing where it holds none of the words by which such languages write, or start something that does.
    """
    found: list[str] = []
    for option, text in zip(each.arguments, each.arguments[1:], strict=False):
        if _INLINE.fullmatch(option.text or "") is None:
            continue
        code = text.text if text.text is not None else text.beginning
        if text.text is None or _WRITES_SOMEHOW.search(code) is not None:
            found += _PATH_IN_CODE.findall(code) or ["."]
    return found


def find_dd_output(each: Invocation) -> Sequence[str]:
    """The file behind `of=`."""
    return [word[3:] for word in each.words if word.startswith("of=")]
