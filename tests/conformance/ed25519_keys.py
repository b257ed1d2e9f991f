"""A plugin for the suite's pytest: repositories are signed with Ed25519 keys, as this project's shops are.

The suite signs with ECDSA where a test names no kind of key. The tests that name one still use theirs.
"""

from __future__ import annotations

from tuf_conformance._internal.repository_simulator import RepositorySimulator

RepositorySimulator.new_signer.__defaults__ = ("ed25519", "ed25519")
