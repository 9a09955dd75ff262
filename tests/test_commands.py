"""What a container's command gives away about what it needs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixbot.knowledge.image_tables import find_sensor_launcher
from fixbot.knowledge.needs import find_beyond_capabilities, find_devices, find_needed_capabilities
from fixbot.knowledge.startup import read_words
from fixbot.knowledge.writes import find_writes


@pytest.mark.parametrize(
    ("words", "capabilities"),
    [
        (
            ["sh", "-c", "iptables -t nat -A POSTROUTING -j MASQUERADE && exec edged"],
            ["NET_ADMIN", "NET_RAW"],
        ),
        (["iptables -t nat -F; exec edged"], ["NET_ADMIN", "NET_RAW"]),
        (["/sbin/ip", "link", "set", "eth0", "up"], ["NET_ADMIN"]),
        (["ip", "route", "show"], []),
        (["echo", "mount"], []),
        (["sh", "-c", "echo 'mount; iptables'"], []),
        (["sh", "-c", "# mount /dev/x\nexec app"], []),
        (["bash", "-ec", "sudo -u root mount -t tmpfs x /x"], ["SYS_ADMIN"]),
        (["tini", "--", "strace", "-f", "app"], ["SYS_PTRACE"]),
        (["env", "A=1", "timeout", "5", "tcpdump"], ["NET_RAW"]),
        (["sh", "-c", "sh -c \"sh -c 'dmesg'\""], ["SYSLOG"]),
        (["sh", "-c", "x=$(ping -c1 host) app"], ["NET_RAW"]),
        (["nice", "-n", "-5", "app"], ["SYS_NICE"]),
        (["nice", "-n", "5", "app"], []),
        (["date", "+%s"], []),
        (["date", "-s", "now"], ["SYS_TIME"]),
        (["vault", "server", "-config=x"], ["IPC_LOCK"]),
        (["vault", "agent"], []),
        (["hostname"], []),
        ([], []),
    ],
)
def test_capabilities_follow_from_what_a_command_runs(words: list[str], capabilities: list[str]) -> None:
    found = find_needed_capabilities([read_words(words)])
    assert [capability for capability, _ in found] == capabilities
    assert all(because for _, because in found)


def test_devices_follow_from_the_command_too() -> None:
    assert find_devices([read_words(["mount", "/dev/xvdf", "/mnt"])]) == (("/dev/xvdf", "mount"),)
    assert find_devices([read_words(["sh", "-c", "openvpn --config x >/dev/null"])]) == (
        ("/dev/net/tun", "openvpn"),
    )
    assert find_devices([read_words(["app", "--log", "/dev/stdout"])]) == ()


def test_some_things_need_more_than_capabilities() -> None:
    assert dict(find_beyond_capabilities([read_words(["sh", "-c", "modprobe ip_vs; dockerd"])])).keys() == {
        "modprobe",
        "dockerd",
    }
    assert find_beyond_capabilities([read_words(["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"])])
    assert find_beyond_capabilities([read_words(["sysctl", "-w", "net.core.somaxconn=1024"])])
    assert find_beyond_capabilities([read_words(["sysctl", "-a"])]) == ()


@pytest.mark.parametrize(
    ("words", "paths"),
    [
        (
            ["/bin/sh -c \"echo '<html>' >  /usr/local/apache2/htdocs/index.html && httpd-foreground\""],
            ["/usr/local/apache2/htdocs/index.html"],
        ),
        (["sh", "-c", "app 2>&1 >/dev/null"], []),
        (
            ["sh", "-c", "app 2>/var/log/app.err | tee -a /var/log/app.log"],
            ["/var/log/app.err", "/var/log/app.log"],
        ),
        (["sh", "-c", "sed -i s/a/b/ /etc/app.conf"], ["/etc/app.conf"]),
        (["sh", "-c", "cp /a /b && mkdir -p /c relative"], ["/b", "/c", "relative"]),
        (["sh", "-c", "curl -o /opt/x.tgz https://example.com"], ["/opt/x.tgz"]),
        (["sh", "-c", "apt-get update && apt-get install -y curl"], ["/"]),
        (["sh", "-c", "echo 'a > /b'"], []),
        (["sh", "-c", "date > $PLACE"], ["?"]),
        (["sh", "-c", "T=$(mktemp); date > $T"], []),
        (["sh", "-c", "date | tee $(results.day.path)"], []),
        (["python", "-c", "open('/srv/x','w').write('1')"], ["/srv/x"]),
        (["python3.11", "-uc", "from pathlib import Path; Path('/srv/x').write_text('1')"], ["/srv/x"]),
        (["python3", "-c", "import urllib.request as u; u.urlopen('http://localhost/health')"], []),
        (["python3", "-c", "import os; os.system('date > now')"], ["."]),
        (["node", "-e", "require('fs').writeFileSync('/app/c.json', '{}')"], ["/app/c.json"]),
        (["ruby", "-e", "File.write('/app/c', '1')"], ["/app/c"]),
        (["perl", "-e", "open(F, '>', '/app/c')"], ["/app/c"]),
        (["php", "-r", "file_put_contents('/app/c', '1');"], ["/app/c"]),
        (
            ["sh", "-c", "cd /app && python - <<'EOF'\nopen('/app/c', 'w').write('1')\nEOF\nexec web"],
            ["/app/c"],
        ),
    ],
)
def test_writes_follow_from_the_command(words: list[str], paths: list[str]) -> None:
    assert [each.path for each in find_writes(read_words(words))] == paths


@given(st.lists(st.text(max_size=80) | st.text("sh -c'\"\\$(){};&|><\n", max_size=60), max_size=5))
def test_any_words_can_be_looked_at(words: list[str]) -> None:
    for script in (words, ["sh", "-c", *words]):
        read = read_words(script)
        find_needed_capabilities([read])
        find_devices([read])
        find_beyond_capabilities([read])
        find_writes(read)
        find_sensor_launcher(script)
