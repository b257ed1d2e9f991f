"""A plugin for the suite's pytest: its server waits for a request instead of asking for one all the time.

It changes nothing of what is tested; without it one processor is busy with the waiting.
"""

from __future__ import annotations

from tuf_conformance._internal.simulator_server import SimulatorServer, StaticServer

SimulatorServer.timeout = property(lambda self: 0.02, lambda self, value: None)  # type: ignore[assignment]
StaticServer.timeout = property(lambda self: 0.02, lambda self, value: None)  # type: ignore[assignment]
