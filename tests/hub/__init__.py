"""A strict stand-in for GitHub on this machine, held against GitHub's published descriptions.

REST and GraphQL over real git repositories. It refuses what GitHub refuses, and can be told to fail.

    hub = Hub(tmp_path)
    hub.add_repo("acme/shop", {"main.tf": b"..."})
    token = hub.actions_token("acme/shop")
    with Server(hub) as server: ...

Tests end with `assert hub.violations == []` and `assert hub.defects == []`.
"""
