"""A real farm under the shipped Prometheus configuration fills every board, and nothing fires."""

from pathlib import Path

import pytest

from tools.grafana.live.__main__ import aloud, run
from tools.prometheus import Missing

pytestmark = [pytest.mark.system, pytest.mark.soak, pytest.mark.timeout(1200)]


def test_all_that_is_asked_of_a_live_farm_is_answered(tmp_path: Path) -> None:
    try:
        report = run(tmp_path, say=aloud)
    except Missing as missing:
        pytest.skip(str(missing))

    assert report.faults() == []
    assert len(report.told) > 150
