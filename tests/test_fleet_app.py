"""A GitHub App looks after a fleet with one token for all of an owner's repositories, made anew in time."""

from __future__ import annotations

import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from fixbot.cli.fleet_shard import ShardOptions, run_shard
from fixbot.cli.options import Options
from fixbot.fleet.plan import Candidate, build_plan
from tests.hub.hub import App, Hub
from tests.hub.many import add_light, store_at
from tests.hub.server import Server
from tests.hub.shapes import node_id


class Ahead:
    """A clock that requests move on; the stand-in and the app go by that of the machine."""

    def __init__(self) -> None:
        self.added = 0.0

    def current_time(self) -> float:
        return time.time() + self.added

    def sleep_for(self, seconds: float, /) -> None:
        self.added += seconds


def test_one_token_serves_all_repositories_and_is_made_anew_before_it_ends(tmp_path: Path) -> None:
    hub = Hub(tmp_path / "hub")
    hub.root.mkdir()
    store = store_at(hub.root)
    repos = [
        add_light(hub, store, f"acme/service-{n}", {"README.md": b"x", "a.yaml": b"a: 1"}) for n in range(4)
    ]
    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    names = frozenset(repo.full_name.lower() for repo in repos)
    rights = {"contents": "write", "pull_requests": "write"}
    hub.apps[7] = App(7, "fleet", public, rights, names, hub.account("acme", "Organization"))
    members = [Candidate(repo.full_name, node_id("R", repo.id)) for repo in repos]
    (tmp_path / "plan.json").write_text(build_plan(members, (), "now", 1, 1).render_text())
    clock = Ahead()
    hub.after = lambda request: clock.sleep_for(0 if "installation" in request.path else 600)
    with Server(hub) as server:
        environment = {
            **server.environment("", "acme/any"), "HOME": str(tmp_path), "FIXBOT_APP_ID": "7",
            "FIXBOT_APP_PRIVATE_KEY": key.private_bytes(
                Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
            ).decode(),
        }  # fmt: skip
        given = ShardOptions(tmp_path / "plan.json", results=tmp_path / "r", run=Options("fleet", quiet=True))
        assert run_shard(given, environment, clock) == 0
    made = [entry for entry in hub.log if entry.path.endswith("/access_tokens")]
    assert len(made) == 2, "nine requests of ten minutes each"
    assert all(entry.status < 400 for entry in hub.log)
    assert hub.violations == []
