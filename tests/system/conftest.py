"""What the tests of whole farms share: their scenes, made once."""

from pathlib import Path

import pytest

from tests.system.shots import make_shots


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of quick.blend, steady.blend and long.blend."""
    return make_shots(tmp_path_factory.mktemp("shots"))
