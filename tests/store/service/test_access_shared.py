"""In-place jobs lie in the folders that the farm shares, wherever links lead."""

from pathlib import Path
from typing import Any

import pytest

from farm.client import Client
from farm.model.errors import NotAllowed
from farm.store import Store
from tests.serving import fail, serving
from tests.store.service.access import a_token, asked


def test_in_place_jobs_lie_in_the_shared_folders_wherever_links_lead(
    store: Store, request_of: dict[str, Any], scenes: Path, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to("/etc")
    (tmp_path / "in" / "shot.blend").symlink_to(scenes / "shot.blend")
    with serving(store, shared=[str(tmp_path / "in")]) as url:
        client = Client(url)
        for scene in ("/etc/hostname", f"{tmp_path}/in/link/hostname", f"{tmp_path}/in/../x.blend"):
            with pytest.raises(NotAllowed, match="is in no folder that this farm shares"):
                client.submit(request_of | {"scene": scene})
        with pytest.raises(NotAllowed, match=f"scene '{tmp_path}/in/shot.blend' is in no folder"):
            client.submit(request_of | {"scene": f"{tmp_path}/in/shot.blend"})
        client.close()
    with serving(store, shared=[f"{tmp_path}/in", str(scenes)]) as url:
        client = Client(url)
        with pytest.raises(NotAllowed, match=r"output '.*link/x/shot_####' is in no folder"):
            client.submit(request_of | {"output": f"{tmp_path}/in/link/x/shot_####"})
        job = client.submit(request_of | {"output": f"{tmp_path}/in/out/shot_####"})["id"]
        client.close()

    assert job == "1"


def test_a_farm_that_asks_shares_nothing_unless_told(
    url: str, store: Store, request_of: dict[str, Any]
) -> None:
    artist = Client(url, token=a_token(store))
    with pytest.raises(NotAllowed, match="send the project instead"):
        artist.submit(request_of | {"production": "heron"})
    artist.close()

    assert asked(url, "GET", "/whoami", a_token(store))[1]["shared"] == []


def test_a_log_is_not_read_where_a_link_leads_out(
    store: Store, request_of: dict[str, Any], scenes: Path, tmp_path: Path
) -> None:
    shared, outside = tmp_path / "shared", tmp_path / "outside"
    (shared / "logs").mkdir(parents=True)
    outside.write_text("secret")
    with serving(store, shared=[str(shared), str(scenes)]) as url:
        client = Client(url)
        job = client.submit(request_of | {"output": f"{shared}/s_####", "frames": "1"})["id"]
        fail(store, job, reason="broke")
        (shared / "logs" / f"{job}.s_0001.attempt-1.log").symlink_to(outside)
        with pytest.raises(NotAllowed, match="is in no folder"):
            client.log(job, 1)
        client.close()
