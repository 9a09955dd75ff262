"""What a container's scripts write: redirections, which are certain, and what programs are known to write.

Each program has the argument that names the place, from its manual. What is written below a folder that isn't
known stays relative; `~` stands for a home that isn't known.
"""

# ruff: noqa: E501 (tables, a row a line)

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from fixbot.knowledge.written_by_default import (
    EVERYWHERE,
    find_artisan_files,
    find_beat_schedule,
    find_dd_output,
    find_inline_files,
    find_java_files,
    find_key_ring,
    find_key_store,
    find_next_cache,
    find_python_files,
    find_rotation_state,
    find_supervisor_files,
)
from fixbot.syntax.shell import Invocation, Script, ShellWord
from fixbot.syntax.shell.starting import interprets

Targets = Callable[[Invocation], Iterable[str]]


UNTOLD: Final = "?"
"""A place that only running the script would tell; where it asks for a temporary one, that is taken for it."""
_MOUNTED: Final = ("/dev/", "/proc/", "/sys/", "/tekton/")
_PUTTING: Final = frozenset(("tee", "touch", "mkdir", "cp", "mv", "ln", "install"))


@dataclass(frozen=True, slots=True)
class WrittenPath:
    """A path that is written, and the program that does; an empty one for a redirection of several."""

    path: str
    program: str


def find_writes(script: Script) -> tuple[WrittenPath, ...]:
    """What a script writes, in order, each once: absolute, below `~`, or relative where the folder isn't known."""
    found: dict[str, str] = {}
    told = "" if any(each.program == "mktemp" for each in script.invocations) else UNTOLD
    for each in script.invocations:
        texts = [word.text or word.beginning.rpartition("/")[0] or told for word in each.writes]
        last = each.arguments[-1] if each.program in _PUTTING and each.arguments else None
        texts += [told] if last is not None and last.text is None and not last.beginning else []
        targets = _TARGETS.get(each.program, _write_nothing)(each)
        inline = find_inline_files(each) if interprets(each.program) else ()
        for path in (*texts, *_join_below(each, (*targets, *inline))):
            if path and not path.startswith(_MOUNTED) and path not in ("-", "/dev/null"):
                found.setdefault(path, each.program)
    return tuple(WrittenPath(path, program) for path, program in found.items())


def _join_below(each: Invocation, paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        yield ShellWord((path,)).path_below(each.folder).text or ""


def _write_nothing(_: Invocation) -> tuple[str, ...]:
    return ()


def _plain_arguments(each: Invocation, skip: Sequence[str] = ()) -> list[str]:
    """The arguments that are no options, and no values of those options that take one."""
    found, passed = [], False
    for word in each.words:
        if passed:
            passed = False
        elif word in skip:
            passed = True
        elif not word.startswith("-"):
            found.append(word)
    return found


def _values_after(*options: str) -> Targets:
    """The value behind one of these options, apart or joined to it."""

    def find_values(each: Invocation) -> Iterator[str]:
        words = each.words
        for at, word in enumerate(words):
            if word in options:
                yield from words[at + 1 : at + 2]
            for option in options:
                if option.startswith("--") and word.startswith(f"{option}="):
                    yield word[len(option) + 1 :]
                elif (
                    len(option) == 2
                    and word.startswith(option)
                    and len(word) > 2
                    and not word.startswith("--")
                ):
                    yield word[2:]

    return find_values


def _after_or_here(*options: str) -> Targets:
    """The value behind an option, or the current folder where it isn't given."""
    find = _values_after(*options)
    return lambda each: tuple(find(each)) or (".",)


def _all_arguments(each: Invocation) -> Sequence[str]:
    return _plain_arguments(each, ("-m", "--mode", "-o", "-g", "--reference", "-s", "-d"))


def _but_first(each: Invocation) -> Sequence[str]:
    """All but what is set: a mode, an owner, an expression."""
    return _plain_arguments(each)[1:]


def _last_argument(each: Invocation) -> Sequence[str]:
    into = tuple(_values_after("-t", "--target-directory")(each))
    skip = ("-m", "--mode", "-o", "--owner", "-g", "--group", "-e", "--exclude")
    return into or _known_end(each, _plain_arguments(each, skip))


def _known_end(each: Invocation, plain: Sequence[str]) -> Sequence[str]:
    """The last argument; of one that is filled in the folder, as far as that is known."""
    last = each.arguments[-1] if each.arguments else None
    if last is None or last.text is not None:
        return plain[-1:]
    folder = last.beginning.rpartition("/")[0]
    return (folder,) if folder else ()


def _last_local(each: Invocation) -> Sequence[str]:
    """The destination of a copy that may lead elsewhere: `s3://…`, `host:path`, `remote:path`."""
    plain = _known_end(each, _plain_arguments(each, _COPY_OPTIONS))
    return [path for path in plain if not re.match(r"\w[\w.-]*:", path)]


_COPY_OPTIONS: Final = ("--region", "--profile", "--exclude", "--include", "--endpoint-url", "-i", "-P", "-e", "--config")  # fmt: skip


def _current_folder(_: Invocation) -> Sequence[str]:
    return (".",)


def _everywhere_on(*verbs: str) -> Targets:
    return lambda each: (EVERYWHERE,) if any(word in verbs for word in each.words) else ()


def _here_on(*verbs: str) -> Targets:
    return lambda each: (".",) if any(word in verbs for word in each.words) else ()


def _always_at(*paths: str) -> Targets:
    return lambda _each: paths


def _curl_paths(each: Invocation) -> Iterator[str]:
    yield from _values_after("-o", "--output", "--output-dir", "-c", "--cookie-jar", "-D", "--dump-header")(
        each
    )
    pairs = zip(each.words, each.words[1:], strict=False)
    yield from (value for option, value in pairs if re.fullmatch(r"-[A-Za-z]+[ocD]", option))
    named = any(re.fullmatch(r"-[A-Za-z]*O[A-Za-z]*|--remote-name(-all)?", word) for word in each.words)
    if named and not any(word == "--output-dir" for word in each.words):
        yield "."


def _wget_paths(each: Invocation) -> Iterator[str]:
    files = [*_values_after("-O", "--output-document", "-P", "--directory-prefix")(each)]
    files += [
        word
        for option, word in zip(each.words, each.words[1:], strict=False)
        if re.fullmatch(r"-[a-z]+O", option)
    ]
    spider = any(
        word in ("--spider", "-qO-", "-O-") or re.fullmatch(r"-[a-zA-Z]*O-", word) for word in each.words
    )
    yield from () if spider else files or (".",)


def _aws_paths(each: Invocation) -> Sequence[str]:
    if each.words[:1] == ("configure",):
        return ("~/.aws",)
    if each.words[:1] == ("s3",) and each.words[1:2] and each.words[1] in ("cp", "mv", "sync"):
        return _last_local(each)
    if each.words[:2] == ("s3api", "get-object"):
        return _plain_arguments(each, ("--bucket", "--key", "--region", "--version-id"))[-1:]
    return ("~/.kube",) if "update-kubeconfig" in each.words else ()


def _copied_paths(*verbs: str) -> Targets:
    return lambda each: _last_local(each) if any(word in verbs for word in each.words) else ()


def _tar_paths(each: Invocation) -> Sequence[str]:
    options = "".join(word for at, word in enumerate(each.words) if at == 0 or re.match(r"-[a-zA-Z]", word))
    if "x" in options or "--extract" in each.words or "--get" in each.words:
        return tuple(_values_after("-C", "--directory", "--one-top-level")(each)) or (".",)
    if "c" in options or "r" in options:
        return [word for at, word in enumerate(each.words[1:], 1) if at == 1 and not word.startswith("-")]
    return ()


def _git_paths(each: Invocation) -> Iterator[str]:
    if "clone" in each.words:
        rest = _plain_arguments(each, ("--branch", "-b", "--depth", "-C", "-c", "--origin", "-o"))[1:]
        yield rest[1] if len(rest) > 1 else "."
    elif any(
        word in ("pull", "checkout", "reset", "init", "fetch", "submodule", "lfs") for word in each.words
    ):
        yield next(iter(_values_after("-C")(each)), ".")
    elif "config" in each.words:
        where = {"--global": "~/.gitconfig", "--system": "/etc/gitconfig"}
        yield next((path for word, path in where.items() if word in each.words), ".")


def _in_place(each: Invocation) -> Sequence[str]:
    changes = any(re.match(r"-[a-zA-Z]*i|--in-?place", word) for word in each.words)
    given = any(re.match(r"-[a-zA-Z]*[ef]$|--expression|--file", word) for word in each.words)
    files = _plain_arguments(each, ("-e", "-f", "--expression", "--file"))
    return (files if given else files[1:]) if changes else ()


def _ruby_paths(each: Invocation) -> Sequence[str]:
    """Rails and its tasks write tmp/ and log/ below the application."""
    words = [word for word in each.words if word not in ("exec", "bin/rails", "bin/rake")]
    if each.program == "bundle" and each.words[:1] and each.words[0] in ("install", "update"):
        return (EVERYWHERE,)
    rails = each.program in ("rails", "rake") or any(w in ("rails", "rake", "bin/rails") for w in each.words)
    serves = any(re.match(r"(?:s|server|db:|assets:|tmp:|log:)", word) for word in words)
    return ("tmp", "log") if rails and serves else ()


def _pid_and_logs(each: Invocation) -> Iterable[str]:
    files = _values_after("--pid", "--pidfile", "--pid-file", "-p", "--log-file", "--access-logfile", "--error-logfile",
                   "--logto", "--socket", "-s", "--logfile", "--pid-path", "--statedb", "-S", "--daemonize")  # fmt: skip
    return [path for path in files(each) if "/" in path]


def _template_pairs(each: Invocation) -> Iterator[str]:
    """`dockerize -template a:b`, `consul-template -template "a:b:cmd"`."""
    for value in _values_after("-template", "--template")(each):
        yield from value.split(":")[1:2]


def _unzip_paths(each: Invocation) -> Sequence[str]:
    return [
        path
        for path in _plain_arguments(each)
        if not any(word in ("-c", "-t", "-l", "-k", "--stdout") for word in each.words)
    ]


_USERS: Final = _always_at("/etc/passwd")
_BUILDS: Final = _here_on(
    "install", "ci", "i", "add", "build", "run", "update", "update-browserslist-db", "rebuild"
)
_TARGETS: Final[dict[str, Targets]] = {
    **dict.fromkeys(("tee", "touch", "mkdir", "mkfifo", "truncate", "rm", "rmdir", "unlink", "shred", "mknod", "sponge"), _all_arguments),
    **dict.fromkeys(("chown", "chmod", "chgrp", "setfacl", "chattr", "chcon"), _but_first),
    **dict.fromkeys(("cp", "mv", "ln", "install"), _last_argument),
    **dict.fromkeys(("rsync", "scp", "sftp"), _last_local),
    **dict.fromkeys(("gsutil", "mc", "rclone", "s5cmd", "s3cmd"),
                    _copied_paths("cp", "mv", "sync", "copy", "copyto", "get", "mirror")),
    **dict.fromkeys(("oc", "kubectl", "docker"), _copied_paths("cp", "rsync")),
    **dict.fromkeys(("sed", "gsed", "perl", "yq"), _in_place),
    "patch": _current_folder,
    "crudini": lambda each: each.words[1:2] if any(w in ("--set", "--del", "--merge") for w in each.words) else (),
    "curl": _curl_paths,
    "wget": _wget_paths,
    "aria2c": _after_or_here("-d", "--dir"),
    "aws": _aws_paths,
    "gcloud": _copied_paths("cp", "rsync"),
    "az": _values_after("-f", "--file", "-d", "--destination"),
    "azcopy": _last_local,
    "git": _git_paths,
    **dict.fromkeys(("tar", "bsdtar"), _tar_paths),
    "unzip": _after_or_here("-d"),
    **dict.fromkeys(("7z", "7za", "7zr"), _after_or_here("-o")),
    **dict.fromkeys(("gzip", "gunzip", "bzip2", "bunzip2", "xz", "unxz", "zstd", "unzstd"), _unzip_paths),
    "cpio": _here_on("-i", "-id", "-idm", "-idmv", "--extract"),
    "jar": _here_on("xf", "-xf", "xvf"),
    "dd": find_dd_output,
    "split": _current_folder,
    "mktemp": _values_after("-p", "--tmpdir"),
    "openssl": _values_after("-out", "-keyout", "-CAserial", "-writerand"),
    "ssh-keygen": lambda each: ("/etc/ssh",) if "-A" in each.words else tuple(_values_after("-f")(each)) or ("~/.ssh",),
    "keytool": find_key_store,
    "java": find_java_files,
    "gpg": find_key_ring,
    "gpg2": find_key_ring,
    "logrotate": find_rotation_state,
    **dict.fromkeys(("certbot", "letsencrypt"), _always_at("/etc/letsencrypt", "/var/lib/letsencrypt", "/var/log/letsencrypt")),
    "update-ca-certificates": _always_at("/etc/ssl/certs"),
    "update-ca-trust": _always_at("/etc/pki/ca-trust/extracted"),
    "ldconfig": _always_at("/etc/ld.so.cache"),
    **dict.fromkeys(("useradd", "adduser", "usermod", "userdel", "groupadd", "addgroup", "groupmod", "passwd",
                     "chpasswd", "chsh", "deluser"), _USERS),
    **dict.fromkeys(("locale-gen", "dpkg-reconfigure", "update-alternatives", "a2enmod", "a2ensite", "a2dismod",
                     "phpenmod", "docker-php-ext-enable", "docker-php-ext-install", "pecl"), _always_at("/etc")),
    "crontab": lambda each: () if "-l" in each.words else ("/var/spool/cron",),
    **dict.fromkeys(("gomplate", "j2", "jinja2", "sigil", "tera", "esh", "ytt", "jsonnet"),
                    _values_after("-o", "--out", "--output", "--output-file", "--output-dir")),
    **dict.fromkeys(("dockerize", "consul-template"), _template_pairs),
    **dict.fromkeys(("npm", "yarn", "pnpm", "bun"), _BUILDS),
    "npx": lambda each: _here_on("build", "generate", "migrate")(each) or find_next_cache(each),
    "next": find_next_cache,
    **dict.fromkeys(("nuxt", "vite", "webpack", "tsc", "ng", "gulp", "prisma"), _here_on("build", "generate")),
    **dict.fromkeys(("composer", "cargo", "mix", "poetry", "uv", "pipenv", "mvn", "gradle", "dotnet"),
                    _here_on("install", "update", "build", "sync", "run", "compile", "package", "publish",
                             "dump-autoload", "deps.get", "release", "restore", "require")),
    **dict.fromkeys(("mvnw", "gradlew", "make", "cmake", "autoconf"), _current_folder),
    "go": lambda each: tuple(_values_after("-o")(each)) or ((".",) if each.words[:1] in (("build",), ("mod",)) else
                                                     ("~/.cache",) if each.words[:1] in (("run",), ("install",)) else ()),
    **dict.fromkeys(("apt-get", "apt", "yum", "dnf", "microdnf", "apk", "zypper", "pacman", "tdnf"),
                    _everywhere_on("install", "add", "ci", "upgrade", "update", "remove", "del", "autoremove", "-S", "-Sy")),
    **dict.fromkeys(("dpkg", "rpm"), _everywhere_on("-i", "--install", "-U", "-Uvh", "-ivh")),
    **dict.fromkeys(("pip", "pip3", "pip2", "gem", "conda", "mamba", "easy_install", "luarocks", "cpanm"),
                    _everywhere_on("install", "update", "upgrade", "uninstall")),
    **dict.fromkeys(("python", "python3", "django-admin"), find_python_files),
    **dict.fromkeys(("bundle", "rails", "rake"), _ruby_paths),
    "php": find_artisan_files,
    **dict.fromkeys(("gunicorn", "uwsgi", "unicorn", "puma", "haproxy", "nginx", "redis-server",
                     "memcached", "dnsmasq", "sshd"), _pid_and_logs),
    "celery": lambda each: (*_pid_and_logs(each), *find_beat_schedule(each)),
    "supervisord": find_supervisor_files,
    "initdb": _values_after("-D", "--pgdata"),
    **dict.fromkeys(("pg_ctl", "pg_basebackup", "pg_upgrade"), _values_after("-D", "--pgdata", "-l", "--log")),
    **dict.fromkeys(("pg_dump", "pg_dumpall"), _values_after("-f", "--file")),
    **dict.fromkeys(("mysqldump", "mysqlpump", "mariadb-dump"), _values_after("-r", "--result-file", "-T", "--tab")),
    **dict.fromkeys(("mongodump", "influxd", "etcdctl"), _values_after("-o", "--out", "--archive")),
    **dict.fromkeys(("mysql_install_db", "mariadb-install-db"), _values_after("--datadir", "-d")),
    "sqlite3": lambda each: _plain_arguments(each, ("-cmd", "-init", "-separator"))[:1],
    "terraform": lambda each: (".",) if any(w in ("init", "apply", "plan", "get") for w in each.words) else (),
    "helm": lambda each: ("~/.config/helm", "~/.cache/helm") if "repo" in each.words or "pull" in each.words else (),
    "vault": lambda each: ("~/.vault-token",) if each.words[:1] == ("login",) else (),
    "wp": _here_on("core", "plugin", "theme", "config"),
    "drush": _current_folder,
    "keycloak-build": _current_folder,
    **dict.fromkeys(("fc-cache", "gdk-pixbuf-query-loaders"), _always_at("/var/cache/fontconfig")),
    "nuclei": _always_at("~/.config/nuclei"),
}  # fmt: skip
