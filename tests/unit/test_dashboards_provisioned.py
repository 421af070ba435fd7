"""What Grafana is told when it starts fits what the dashboards were asked with."""

from pathlib import Path

import yaml

from tools.grafana.asking import SCRAPE_SECONDS
from tools.grafana.reading import FOLDER

PROVISIONING = FOLDER.parent / "provisioning"
PAGE = Path(__file__).parents[2] / "docs" / "grafana.md"


def test_the_source_says_how_often_is_scraped() -> None:
    told = yaml.safe_load((PROVISIONING / "datasources" / "prometheus.yaml").read_text("utf-8"))

    (source,) = told["datasources"]
    assert source["type"] == "prometheus"
    assert source["jsonData"]["timeInterval"] == f"{SCRAPE_SECONDS:.0f}s"


def test_the_dashboards_are_read_where_the_page_says_that_they_lie() -> None:
    told = yaml.safe_load((PROVISIONING / "dashboards" / "karst.yaml").read_text("utf-8"))

    (provider,) = told["providers"]
    assert provider["type"] == "file"
    assert not provider["allowUiUpdates"]
    assert f"cp -r deploy/grafana/dashboards {provider['options']['path']}\n" in PAGE.read_text()
