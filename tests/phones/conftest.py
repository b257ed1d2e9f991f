"""The phones' cores, one after the other."""

from __future__ import annotations

import pytest

from phones.cores import CORES, Core


@pytest.fixture(params=CORES, ids=lambda core: core.name)
def core(request: pytest.FixtureRequest) -> Core:
    """A core that is built."""
    found: Core = request.param
    found.require()
    return found
