"""What a container's command shows that it does: which capabilities, devices and writable files.

Read word by word as a shell would, so that `echo mount` is no mount. What isn't shown isn't known:
an empty answer means "nothing seen", not "nothing needed".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

_TOKEN: Final = re.compile(
    r"""(?P<space>[ \t\r]+|\\\n)|(?P<comment>(?<![^\s;&|()])\#[^\n]*)
    |(?P<redirect>(?:\d*|&)>>?(?!\()[|&]?)|(?P<end>\n|&&|\|\|?|;;?|&|\$\(|[()`])
    |(?P<word>(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|\$\{[^}]{0,500}\}|[^\s;&|()<>`'"\\$]|\$(?!\()|<|['"\\])+)|(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_LONGEST: Final = 65_536
_DEEPEST: Final = 4


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_SHELLS: Final = frozenset({"sh", "bash", "ash", "dash", "zsh", "ksh"})
_KEYWORDS: Final = frozenset(
    {"if", "then", "else", "elif", "do", "while", "until", "!", "{", "}", "fi", "done"}
)
_WRAPPERS: Final = _set(
    "exec sudo doas env nohup time command builtin tini dumb-init su-exec gosu timeout nice ionice chrt "
    "setpriv stdbuf setsid xargs catatonit s6-setuidgid busybox"
)
_TAKES_ONE: Final = frozenset({"su-exec", "gosu", "timeout", "s6-setuidgid"})
_OPTION_TAKES_ONE: Final = frozenset({"-u", "-g", "-n", "-c", "--user", "--group", "--kill-after", "-k"})


class _Command(NamedTuple):
    called: str
    words: tuple[str, ...]
    writes: tuple[str, ...]

    @property
    def program(self) -> str:
        return self.called.rpartition("/")[2]


class _Need(NamedTuple):
    programs: frozenset[str]
    gives: tuple[str, ...]
    when: Callable[[_Command], bool]


def shell_words(words: Sequence[str]) -> tuple[str, ...]:
    """Every word of a command, those of scripts given to `sh -c` included, quotes taken off."""
    return tuple(word for command in _commands(words) for word in (command.called, *command.words))


def capabilities_for_command(words: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The capabilities that a command's programs need, each with the program it is because of.

    `words` is the entry point followed by the command, as given to the container. Capabilities that
    Docker gives anyway (CHOWN, MKNOD, …) aren't named, except NET_RAW, which hardened hosts withhold.
    The mapping follows capabilities(7).
    """
    found: dict[str, str] = {}
    for command in _commands(words):
        for need in _NEEDS:
            if command.program in need.programs and need.when(command):
                for capability in need.gives:
                    found.setdefault(capability, command.program)
    return tuple(sorted(found.items()))


def devices_for_command(words: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The host devices that a command names or that its programs open, with what shows it."""
    found: dict[str, str] = {}
    for command in _commands(words):
        for device, programs in _DEVICES.items():
            if command.program in programs and "--tun=userspace-networking" not in command.words:
                found.setdefault(device, command.program)
        for word in command.words:
            match = _DEVICE.search(word)
            if match and not _ORDINARY_DEVICE.match(match[0]):
                found.setdefault(match[0], command.program)
    return tuple(sorted(found.items()))


def beyond_capabilities(words: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """What in a command no list of capabilities makes work, as (program, reason)."""
    found: dict[str, str] = {}
    for command in _commands(words):
        reason = _BEYOND.get(command.program)
        if command.program == "sysctl":
            reason = _PROC_SYS if _writes_sysctl(command) else None
        if reason:
            found.setdefault(command.program, reason)
        if any(path.startswith(("/proc/sys/", "/sys/")) for path in command.writes):
            found.setdefault(command.program, _PROC_SYS)
    return tuple(found.items())


def written_paths(words: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Absolute paths that a command writes in the container, with the program; in order, each once.

    Redirections, and the targets of the usual programs that make or change files. Package managers
    are told as the directory "/", since they write all over the root.
    """
    found: dict[str, str] = {}
    for command in _commands(words):
        for path in (*command.writes, *_targets(command)):
            if path.startswith("/") and not path.startswith(("/dev/", "/proc/", "/sys/")):
                found.setdefault(path, command.program)
    return tuple(found.items())


def _commands(words: Sequence[str], depth: int = 0) -> Iterator[_Command]:
    if len(words) == 1 and re.search(r"\s", words[0]) and depth < _DEEPEST:
        yield from _script(words[0], depth)
        return
    plain: list[str] = []
    for word in (*words, ";"):
        if word in ("&&", "||", ";", "|"):
            yield from _simple(plain, (), depth)
            plain = []
        else:
            plain.append(word)


def _script(text: str, depth: int) -> Iterator[_Command]:
    words: list[str] = []
    writes: list[str] = []
    target = False
    for match in _TOKEN.finditer(f"{text[:_LONGEST]}\n"):
        kind, token = match.lastgroup, match[0]
        if kind == "end":
            yield from _simple(words, tuple(writes), depth)
            words, writes, target = [], [], False
        elif kind == "redirect":
            target = True
            if words and words[-1].isdigit() and text[match.start() - 1 : match.start()].isdigit():
                words.pop()
        elif kind == "word":
            (writes if target else words).append(_unquoted(token))
            target = False


def _unquoted(word: str) -> str:
    return re.sub(r"'([^']*)'|\"((?:\\.|[^\"\\])*)\"|\\(.)", _unquote, word, flags=re.DOTALL)


def _unquote(match: re.Match[str]) -> str:
    if match[2] is not None:
        return re.sub(r"\\([\"\\$`])", r"\1", match[2])
    return match[1] or match[3] or ""


def _simple(words: Iterable[str], writes: tuple[str, ...], depth: int) -> Iterator[_Command]:
    rest = list(words)
    while rest and (rest[0] in _KEYWORDS or re.match(r"[A-Za-z_]\w*=", rest[0])):
        rest.pop(0)
    if not rest:
        return
    program, arguments = rest[0].rpartition("/")[2], tuple(rest[1:])
    yield _Command(rest[0], arguments, writes)
    if depth >= _DEEPEST:
        return
    script = _script_of(arguments) if program in _SHELLS else None
    if script is not None:
        yield from _script(script, depth + 1)
    else:
        yield from _simple(_started(program, arguments), (), depth + 1)


def _started(program: str, arguments: Sequence[str]) -> Sequence[str]:
    """The command that this program goes on to start with its own arguments."""
    if program in _WRAPPERS:
        return _wrapped(program, arguments)
    if program in _SHELLS or program.startswith("ld-linux") or program.endswith((".sh", "entrypoint")):
        first = next((at for at, word in enumerate(arguments) if not word.startswith("-")), len(arguments))
        return arguments[first:]
    return ()


def _script_of(arguments: Sequence[str]) -> str | None:
    for at, word in enumerate(arguments):
        if not word.startswith("-"):
            return None
        if re.fullmatch(r"-[a-z]*c", word) and at + 1 < len(arguments):
            return arguments[at + 1]
    return None


def _wrapped(program: str, arguments: Sequence[str]) -> list[str]:
    rest = list(arguments)
    while rest and (rest[0].startswith("-") or "=" in rest[0].partition("/")[0]):
        option = rest.pop(0)
        if option == "--":
            break
        if option in _OPTION_TAKES_ONE and program not in ("tini", "dumb-init") and rest:
            rest.pop(0)
    return rest[1:] if program in _TAKES_ONE else rest


def _always(_: _Command) -> bool:
    return True


def _changes_network(command: _Command) -> bool:
    changing = ("add", "del", "delete", "set", "replace", "change", "append", "flush", "up", "down", "gw")
    return any(word in changing for word in command.words)


def _writes_sysctl(command: _Command) -> bool:
    return any(
        word.startswith(("-w", "-p", "--write", "--load", "--system")) or "=" in word
        for word in command.words
    )


def _sets_clock(command: _Command) -> bool:
    return any(word in ("-s", "--set") or word.startswith("--set=") for word in command.words)


def _raises_priority(command: _Command) -> bool:
    return any(re.fullmatch(r"(-n|--adjustment=|-|-n-|--)?-\d+", word) for word in command.words)


def _real_time(command: _Command) -> bool:
    return any(word in ("-c1", "-f", "-r", "--fifo", "--rr", "--class=1") for word in command.words) or (
        "-c" in command.words and "1" in command.words
    )


def _named(command: _Command) -> bool:
    return bool(command.words) and not command.words[0].startswith("-")


def _locks(command: _Command) -> bool:
    return command.words[:1] == ("server",)


def _need(programs: str, gives: str, when: Callable[[_Command], bool] = _always) -> _Need:
    return _Need(_set(programs), tuple(gives.split()), when)


_NEEDS: Final = (
    _need(
        "iptables ip6tables iptables-restore ip6tables-restore iptables-legacy iptables-nft ipset "
        "ipvsadm ebtables arptables keepalived tailscaled",
        "NET_ADMIN NET_RAW",
    ),
    _need("nft tc brctl wg wg-quick openvpn pppd charon ipsec zerotier-one conntrack ethtool", "NET_ADMIN"),
    _need("ip route ifconfig bridge", "NET_ADMIN", _changes_network),
    _need("ping ping6 traceroute tcpdump tshark dumpcap nmap arping hping3 mtr", "NET_RAW"),
    _need("mount umount pivot_root unshare nsenter swapon swapoff losetup", "SYS_ADMIN"),
    _need("s3fs goofys sshfs mount-s3 gcsfuse fusermount fusermount3 blobfuse2", "SYS_ADMIN"),
    _need("hostname domainname", "SYS_ADMIN", _named),
    _need("bpftrace bpftool", "BPF PERFMON SYS_ADMIN"),
    _need("perf", "PERFMON SYS_ADMIN"),
    _need("strace ltrace gdb gdbserver py-spy rbspy dlv", "SYS_PTRACE"),
    _need("nice renice", "SYS_NICE", _raises_priority),
    _need("chrt ionice", "SYS_NICE", _real_time),
    _need("date", "SYS_TIME", _sets_clock),
    _need("hwclock ntpd ntpdate chronyd", "SYS_TIME"),
    _need("vault", "IPC_LOCK", _locks),
    _need("dmesg", "SYSLOG"),
)
_DEVICES: Final = {
    "/dev/fuse": _set("s3fs goofys sshfs mount-s3 gcsfuse blobfuse2 fusermount fusermount3"),
    "/dev/net/tun": _set("openvpn tailscaled zerotier-one"),
    "/dev/ppp": frozenset({"pppd"}),
}
_DEVICE: Final = re.compile(r"(?<![\w/.-])/dev/[A-Za-z][\w/-]*")
_ORDINARY_DEVICE: Final = re.compile(
    r"/dev/(?:null|zero|full|random|urandom|tty|console|stdin|stdout|stderr|ptmx|fd|shm|pts|tcp|udp|mqueue|log)(?:/|\Z)"
)
_PROC_SYS: Final = (
    "/proc/sys and /sys are read-only in a container that isn't privileged; set it as a system control"
)
_BEYOND: Final = {
    "modprobe": "loading kernel modules is the host's business; load them there",
    "insmod": "loading kernel modules is the host's business; load them there",
    "rmmod": "kernel modules are the host's business",
    "dockerd": "a Docker daemon inside a container needs privileged mode",
    "dockerd-entrypoint.sh": "a Docker daemon inside a container needs privileged mode",
    "containerd": "a container runtime inside a container needs privileged mode",
    "buildkitd": "rootful BuildKit inside a container needs privileged mode",
    "kubelet": "a node agent needs the host",
    "nsenter": "it enters the host's namespaces",
    "losetup": "loop devices belong to the host",
    "mkfs": "it formats a device of the host",
    "mkfs.ext4": "it formats a device of the host",
    "mkfs.xfs": "it formats a device of the host",
    "systemctl": "an init system inside a container needs the host's control groups",
    "systemd": "an init system inside a container needs the host's control groups",
}


def _targets(command: _Command) -> tuple[str, ...]:
    paths = tuple(word for word in command.words if not word.startswith("-"))
    if command.program in ("tee", "touch", "mkdir", "chown", "chmod", "rm", "truncate", "mkfifo"):
        return paths
    if command.program in ("cp", "mv", "ln", "install", "rsync"):
        return paths[-1:]
    if command.program == "sed" and any(word.startswith(("-i", "--in-place")) for word in command.words):
        return paths[1:]
    if command.program in ("curl", "wget"):
        pairs = zip(command.words, command.words[1:], strict=False)
        return tuple(
            path for option, path in pairs if option in ("-o", "-O", "--output", "--output-document")
        )
    installs = {"apt-get", "apt", "yum", "dnf", "microdnf", "apk", "apk-tools", "pip", "pip3", "npm", "gem"}
    if command.program in installs and any(word in ("install", "add", "ci", "upgrade") for word in paths):
        return ("/",)
    return ()
