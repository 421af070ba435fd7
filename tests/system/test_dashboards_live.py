"""A real farm under the shipped Prometheus configuration fills every board, and nothing fires."""

from pathlib import Path

import pytest

from tests.programs import or_skip
from tools.grafana.live.__main__ import aloud, run

pytestmark = [pytest.mark.system, pytest.mark.soak, pytest.mark.timeout(1200)]


def test_all_that_is_asked_of_a_live_farm_is_answered(tmp_path: Path) -> None:
    with or_skip():
        report = run(tmp_path, say=aloud)

    assert report.faults() == []
    assert len(report.told) > 150
