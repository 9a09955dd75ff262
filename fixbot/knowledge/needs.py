"""What a container's scripts show that it needs: capabilities, devices, and what no capability replaces.

Read as a shell would, so that `echo mount` is no mount. What isn't shown isn't known: an empty answer means
"nothing seen", not "nothing needed".
"""

# ruff: noqa: E501 (tables, a row a line)

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from fixbot.syntax.shell import Invocation, Script, read_command


class _Need(NamedTuple):
    programs: frozenset[str]
    gives: tuple[str, ...]
    when: Callable[[Invocation], bool]


Scripts = Iterable[Script]


def shell_words(words: Sequence[str]) -> tuple[str, ...]:
    """Every word of a command that is known, those of scripts given to `sh -c` included, quotes taken off."""
    started = read_command(words).invocations
    return tuple(word for each in started for word in (each.called.text or "", *each.words))


def find_needed_capabilities(scripts: Scripts) -> tuple[tuple[str, str], ...]:
    """The capabilities that the programs of these scripts need, each with the program it is because of.

    Capabilities that Docker gives anyway (CHOWN, MKNOD, …) aren't named, except NET_RAW, which hardened
    hosts withhold. The mapping follows capabilities(7).
    """
    found: dict[str, str] = {}
    for each in _started_programs(scripts):
        for need in _NEEDS:
            if each.program in need.programs and need.when(each):
                for capability in need.gives:
                    found.setdefault(capability, each.program)
        if _opens_fuse(each) or "/dev/fuse" in each.words:
            found.setdefault("SYS_ADMIN", each.program)
    return tuple(sorted(found.items()))


def entry_point_of(image: str | None) -> tuple[str, ...]:
    """The program that an image named after one starts with the arguments it is given: `rclone` + `mount`."""
    if image is None:
        return ()
    program = _STARTED_AS.get(image, image if image in _STARTED_BY_NAME else "")
    return (program,) if program else ()


def find_devices(scripts: Scripts) -> tuple[tuple[str, str], ...]:
    """The host devices that scripts name or that their programs open, with what shows it."""
    found: dict[str, str] = {}
    for each in _started_programs(scripts):
        for device, programs in _DEVICES.items():
            if each.program in programs and "--tun=userspace-networking" not in each.words:
                found.setdefault(device, each.program)
        if _opens_fuse(each):
            found.setdefault("/dev/fuse", each.program)
        if each.program == "mount" and any(word.startswith("fuse") for word in each.words):
            found.setdefault("/dev/fuse", each.program)
        for word in each.words:
            match = _DEVICE.search(word)
            if match and not _ORDINARY_DEVICE.match(match[0]):
                found.setdefault(match[0], each.program)
    return tuple(sorted(found.items()))


def find_beyond_capabilities(scripts: Scripts) -> tuple[tuple[str, str], ...]:
    """What in scripts no list of capabilities makes work, as (program, reason)."""
    found: dict[str, str] = {}
    for each in _started_programs(scripts):
        reason = _BEYOND.get(each.program)
        if each.program == "sysctl":
            reason = _PROC_SYS if _writes_sysctl(each) else None
        if each.program in ("service", "rc-service") and each.words[:1]:
            reason = _BEYOND.get(each.words[0], _NESTED if each.words[0] == "docker" else None)
        if each.program in _BEYOND_WITH and each.words[:1] and each.words[0] in _BEYOND_WITH[each.program]:
            reason = _BEYOND_AS
        if reason:
            found.setdefault(each.program, reason)
        targets = (*(word.beginning for word in each.writes), *(each.words if each.program == "tee" else ()))
        if any(path.startswith(("/proc/sys", "/sys/")) for path in targets):
            found.setdefault(each.program or "a redirection", _PROC_SYS)
    return tuple(found.items())


def find_inner_runtime(scripts: Scripts) -> str:
    """The program that runs containers, machines or a whole system inside; empty where none does."""
    return next((program for program, why in find_beyond_capabilities(scripts) if why in _INSIDE), "")


def _started_programs(scripts: Scripts) -> Iterable[Invocation]:
    return (each for script in scripts for each in script.invocations)


def _split_set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _is_always_needed(_: Invocation) -> bool:
    return True


def _changes_network(each: Invocation) -> bool:
    changing = (
        "add",
        "del",
        "delete",
        "set",
        "replace",
        "change",
        "append",
        "flush",
        "up",
        "down",
        "gw",
        "exec",
    )
    return any(word in changing for word in each.words)


def _enters_network(each: Invocation) -> bool:
    options = [word for word in each.words if word.startswith("-n")]
    return any(word in ("netns", "vrf") for word in each.words[:3]) or any(
        word == "-n" or "-netns".startswith(word) for word in options
    )


def _writes_sysctl(each: Invocation) -> bool:
    return any(
        word.startswith(("-w", "-p", "--write", "--load", "--system")) or "=" in word for word in each.words
    )


def _sets_clock(each: Invocation) -> bool:
    return any(word in ("-s", "--set") or word.startswith("--set=") for word in each.words)


def _raises_priority(each: Invocation) -> bool:
    return any(re.fullmatch(r"(-n|--adjustment=|-|-n-|--)?-\d+", word) for word in each.words)


def _real_time(each: Invocation) -> bool:
    return any(word in ("-c1", "-f", "-r", "--fifo", "--rr", "--class=1") for word in each.words) or (
        "-c" in each.words and "1" in each.words
    )


def _names_target(each: Invocation) -> bool:
    return bool(each.words) and not each.words[0].startswith("-")


def _locks_memory(each: Invocation) -> bool:
    return each.words[:1] == ("server",)


def _opens_fuse(each: Invocation) -> bool:
    """Whether it is one of FUSE's programs by its name, or any program that is told to mount: `rclone mount`."""
    if each.program in _TELL_OTHERS:
        return False
    told = each.words[:1] and each.words[0] in ("mount", "mount2", "cmount", "nfsmount")
    by_option = each.program in _MOUNT_BY_OPTION and any(map(_MOUNT_OPTION.fullmatch, each.words))
    return bool(told or by_option or _FUSE_NAME.search(each.program))


def _mounts_filesystem(each: Invocation) -> bool:
    return any(word in ("mount", "mount2", "cmount", "nfsmount") for word in each.words)


def _mounts_windows_share(each: Invocation) -> bool:
    return any(re.search(r"\b(?:cifs|smb3)\b", word) or word.startswith("//") for word in each.words)


def _raises_limit(each: Invocation) -> bool:
    options = (word[1:] for word in each.words if word.startswith("-") and word[1:].isalpha())
    return any("l" in letters or "H" in letters for letters in options)


def _declare_need(programs: str, gives: str, when: Callable[[Invocation], bool] = _is_always_needed) -> _Need:
    return _Need(_split_set(programs), tuple(gives.split()), when)


_FUSE: Final = (
    "s3fs goofys sshfs mount-s3 gcsfuse fusermount fusermount3 blobfuse blobfuse2 mergerfs mount.fuse mount.fuse3 "
    "bindfs unionfs unionfs-fuse fuse-overlayfs encfs gocryptfs cryfs curlftpfs ceph-fuse glusterfs cvmfs2 lxcfs "
    "geesefs catfs ntfs-3g squashfuse archivemount rar2fs davfs2 mount.davfs ossfs cosfs obsfs mfsmount"
)
_FUSE_NAME: Final = re.compile(r"(?:\A|[-_.])fuse|fuse(?:[-_.\d]|\Z)|\Amount\.(?!nfs|cifs|smb)")
_TELL_OTHERS: Final = _split_set(
    "docker podman kubectl systemctl service echo printf man which command test busybox toybox sudo env xargs nohup "
    "time timeout nice exec gosu su-exec setpriv tini dumb-init stdbuf chroot doas setsid flock"
)
"""Programs whose first word names something else than what they do themselves."""
_MOUNT_BY_OPTION: Final = _split_set("ipfs kubo go-ipfs")
_MOUNT_OPTION: Final = re.compile(r"--mount(?:=(?:true|t|1))?", re.IGNORECASE)
_MOUNTERS: Final = "rclone juicefs weed alluxio seaweedfs ipfs kubo go-ipfs restic borg kopia"
"""Programs that mount by FUSE when they are told to: `rclone mount`."""
_STARTED_BY_NAME: Final = _split_set(_MOUNTERS) | frozenset(
    ("concourse", "k3s", "rke2", "k0s", "binfmt", "podman", "buildah", "kubectl", "terraform", "git", "helm",
     "curl", "mc", "yq", "openssl", "flyway", "s5cmd", "s3cmd")
)  # fmt: skip
_STARTED_AS: Final = {"aws-cli": "aws"}
"""Images whose entry point is called otherwise. Source: aws/aws-cli, docker/Dockerfile."""
_NEEDS: Final = (
    _declare_need(
        "iptables ip6tables iptables-restore ip6tables-restore iptables-legacy iptables-nft iptables-save ipset "
        "ipvsadm ebtables arptables keepalived tailscaled dnsmasq dhclient dhcpd dhcpcd udhcpc firewalld ufw "
        "hostapd wpa_supplicant zebra bgpd ospfd bird bird6 gobgpd radvd",
        "NET_ADMIN NET_RAW",
    ),
    _declare_need(
        "nft tc brctl wg wg-quick openvpn openconnect vpnc ocserv pppd xl2tpd charon ipsec swanctl starter "
        "zerotier-one conntrack ethtool iw iwconfig ovs-vsctl ovs-vswitchd ovs-ofctl tunctl vconfig",
        "NET_ADMIN",
    ),
    _declare_need("ip route ifconfig bridge", "NET_ADMIN", _changes_network),
    _declare_need("ip", "NET_ADMIN SYS_ADMIN", _enters_network),
    _declare_need(
        "ping ping6 traceroute tcpdump tshark dumpcap nmap arping hping3 mtr tcpreplay fping", "NET_RAW"
    ),
    _declare_need(
        "mount umount pivot_root unshare nsenter swapon swapoff losetup mount.nfs mount.nfs4", "SYS_ADMIN"
    ),
    _declare_need("mount.cifs mount.smb3", "SYS_ADMIN DAC_READ_SEARCH"),
    _declare_need("mount", "DAC_READ_SEARCH", _mounts_windows_share),
    _declare_need(_FUSE, "SYS_ADMIN"),
    _declare_need(_MOUNTERS, "SYS_ADMIN", _mounts_filesystem),
    _declare_need("hostname domainname", "SYS_ADMIN", _names_target),
    _declare_need("bpftrace bpftool", "BPF PERFMON SYS_ADMIN"),
    _declare_need("perf", "PERFMON SYS_ADMIN"),
    _declare_need("strace ltrace gdb gdbserver py-spy rbspy dlv criu", "SYS_PTRACE"),
    _declare_need("nice renice", "SYS_NICE", _raises_priority),
    _declare_need("chrt ionice", "SYS_NICE", _real_time),
    _declare_need("date", "SYS_TIME", _sets_clock),
    _declare_need("hwclock ntpd ntpdate chronyd ptp4l phc2sys", "SYS_TIME"),
    _declare_need("vault", "IPC_LOCK", _locks_memory),
    _declare_need("ulimit", "SYS_RESOURCE", _raises_limit),
    _declare_need("auditd auditctl", "AUDIT_CONTROL"),
    _declare_need("smartctl hdparm nvme dmidecode rdmsr wrmsr flashrom", "SYS_RAWIO"),
    _declare_need("dmesg", "SYSLOG"),
)
_DEVICES: Final = {
    "/dev/fuse": _split_set(_FUSE),
    "/dev/kvm": _split_set(
        "qemu-system-x86_64 qemu-system-aarch64 qemu-kvm kvm firecracker cloud-hypervisor"
    ),
    "/dev/net/tun": _split_set("openvpn openconnect vpnc ocserv tailscaled zerotier-one tunctl"),
    "/dev/ppp": _split_set("pppd xl2tpd"),
}
_DEVICE: Final = re.compile(r"(?<![\w/.-])/dev/[A-Za-z][\w/-]*")
_ORDINARY_DEVICE: Final = re.compile(
    r"/dev/(?:null|zero|full|random|urandom|tty|console|stdin|stdout|stderr|ptmx|fd|shm|pts|tcp|udp|mqueue|log)(?:/|\Z)"
)
_PROC_SYS: Final = (
    "/proc/sys and /sys are read-only in a container that isn't privileged; set it as a system control"
)
_MODULES: Final = "loading kernel modules is the host's business; load them there"
_DISKS: Final = "it works on a device of the host"
_INIT: Final = "an init system inside a container needs the host's control groups"
_NESTED: Final = "a container runtime inside a container needs privileged mode"
_DAEMON: Final = "a Docker daemon inside a container needs privileged mode"
_BUILDER: Final = "rootful BuildKit inside a container needs privileged mode"
_MACHINES: Final = "it starts machines with the host's devices and control groups"
_BEYOND_AS: Final = "started so, it runs containers or machines of its own, which takes privileged mode"
_BEYOND_WITH: Final = {
    "k3s": _split_set("server agent"),
    "rke2": _split_set("server agent"),
    "k0s": _split_set("controller worker start"),
    "concourse": _split_set("worker quickstart"),
    "minikube": _split_set("start"),
    "kind": _split_set("create"),
    "microk8s": _split_set("start"),
    "podman": _split_set("run build system play kube"),
    "buildah": _split_set("bud build from run"),
    "binfmt": _split_set("--install --uninstall"),
}
_BEYOND: Final = {
    **dict.fromkeys(("modprobe", "insmod", "rmmod", "depmod", "kexec", "kmod"), _MODULES),
    **dict.fromkeys(("dockerd", "dockerd-entrypoint.sh"), _DAEMON),
    **dict.fromkeys(
        ("containerd", "crio", "runc", "crun", "podman-remote", "sysbox-runc", "gardener", "gdn"), _NESTED
    ),
    "buildkitd": _BUILDER,
    "kubelet": "a node agent needs the host",
    "nsenter": "it enters the host's namespaces",
    "update-binfmts": "it registers interpreters in the host's kernel",
    **dict.fromkeys(
        ("losetup", "cryptsetup", "dmsetup", "lvcreate", "lvm", "vgcreate", "pvcreate", "mdadm"), _DISKS
    ),
    **dict.fromkeys(
        ("parted", "fdisk", "sfdisk", "sgdisk", "partprobe", "blkdiscard", "wipefs", "zpool", "zfs"), _DISKS
    ),
    **dict.fromkeys(
        ("mkfs", "mkfs.ext4", "mkfs.ext3", "mkfs.xfs", "mkfs.btrfs", "resize2fs", "xfs_growfs"), _DISKS
    ),
    **dict.fromkeys(("iscsid", "iscsiadm", "multipathd", "tgtd", "rpc.nfsd", "exportfs", "usbip"), _DISKS),
    **dict.fromkeys(("systemctl", "systemd", "init", "openrc"), _INIT),
    **dict.fromkeys(("libvirtd", "virtqemud"), _MACHINES),
}
_INSIDE: Final = (_NESTED, _INIT, _DAEMON, _BUILDER, _MACHINES, _BEYOND_AS)
