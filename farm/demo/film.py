"""The demo: a small film for two productions, from scene to film, on a farm of its own.

It ends well only when every frame rendered and nothing of the farm is left running.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from farm.client import Client
from farm.demo.report import Run, Shot, Spent, report
from farm.demo.show import HowFar, Show, a_show
from farm.model.errors import BadRequest, FarmError, ServiceUnavailable, StoreUnavailable
from farm.model.render import fill_frame
from farm.policy.preview import MOVIE, SHEET
from farm.up.child import log_tail, start_child
from farm.up.local import LocalFarm, LocalOptions, local_farm
from farm.up.orphans import descendants
from farm.up.port import free_port
from farm.up.supervisor import Say

PRODUCTIONS = ("heron", "li-river")
_FIRST_FRAME_POLL_SECONDS = 0.05  #: until the first frame is there: its time is told
_POLL_SECONDS = 0.25
_PATIENCE_SECONDS = 10.0  #: without a finished frame, before asking the nodes why
_STUCK_SECONDS = 600.0
_AWAY_SECONDS = 60.0  #: a service that died is back long before
_MAX_TASKS = 1000
_REELS = {SHEET: "contact sheet", MOVIE: "film"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """One production's job."""

    production: str
    job: str
    output: str  #: path pattern of its images


def make_film(*, out: Path, state: Path, slots: int, scene: Path | None, say: Say) -> None:
    """Do all of it, leaving images, sheets and films in `out`. `say` is told the results.

    Without a `scene`, one is made.

    Raises FarmError when anything did not go as it must.
    """
    if scene is None:
        scene = out / "scene.blend"
        say(f"Making the scene {scene} …")
        _make_scene(scene)
    options = LocalOptions(state=state, node="demo", slots=slots, port=free_port())
    say(f"Bringing up a farm with {slots} slots …")
    with local_farm(options, say=lambda line: say(f"farm: {line}")) as farm:
        run = _render(farm, scene, out, say=say)
    _check_nothing_left()
    for line in _results(run, out):
        say(line)
    say(report(run))
    say("\nThe farm is down; nothing of it runs any more.")


def _make_scene(scene: Path) -> None:
    try:
        scene.parent.mkdir(parents=True, exist_ok=True)
        log = scene.with_suffix(".log")
        log.unlink(missing_ok=True)
        command = [sys.executable, "-P", "-m", "farm.demo.scene", str(scene)]
        code = start_child(command, log=log).wait()
    except OSError as error:
        raise BadRequest(
            f"folder {scene.parent} cannot be used: {error.strerror or error}; "
            "mend that or choose another with --out"
        ) from error
    if code != 0 or not scene.exists():
        words = log_tail(log, 1) or ["it said nothing"]
        raise FarmError(f"the demo's scene could not be made: {words[0]} (log: {log})")
    log.unlink()


def _render(farm: LocalFarm, scene: Path, out: Path, *, say: Say) -> Run:
    with _client(farm.url) as client:
        before, started_at = client.usage.now(), time.monotonic()
        jobs = [_submit(client, production, scene, out) for production in PRODUCTIONS]
        say(f"Submitted {scene.name} for {' and '.join(PRODUCTIONS)}; watch at {farm.url}/docs")
        with a_show() as show:
            first_at = _follow(farm, client, jobs, show)
        ended_at, after = time.monotonic(), client.usage.now()
        return Run(
            shots=tuple(_shot(client, job) for job in jobs),
            slots=farm.options.slots,
            wall_seconds=ended_at - started_at,
            first_frame_seconds=first_at - started_at,
            spent=Spent.between(before, after),
        )


@contextmanager
def _client(url: str) -> Iterator[Client]:
    client = Client(url)
    try:
        yield client
    finally:
        client.close()


def _submit(client: Client, production: str, scene: Path, out: Path) -> Submitted:
    answer = client.submit(
        {
            "scene": str(scene),
            "production": production,
            "name": "the demo's film",
            "output": str(out / production / f"{production}_####"),
            "preview": True,
        }
    )
    return Submitted(production=production, job=answer["id"], output=answer["output"])


def _follow(farm: LocalFarm, client: Client, jobs: list[Submitted], show: Show) -> float:
    """Show the jobs until all have ended; return when the first frame was finished."""
    first_at, done, done_at = 0.0, 0, time.monotonic()
    while True:
        told = _progress(farm, client, jobs)
        show.update([_how_far(job, one) for job, one in zip(jobs, told, strict=True)])
        if (now_done := sum(one["counts"]["succeeded"] for one in told)) > done:
            done, done_at = now_done, time.monotonic()
            first_at = first_at or done_at
        if all(one["state"] not in {"active", "paused"} for one in told):
            return first_at
        if time.monotonic() - done_at > _PATIENCE_SECONDS:
            _check_progress_can_come(farm, client, stuck_seconds=time.monotonic() - done_at)
        farm.tend(_POLL_SECONDS if first_at else _FIRST_FRAME_POLL_SECONDS)


def _progress(farm: LocalFarm, client: Client, jobs: list[Submitted]) -> list[dict[str, Any]]:
    """How far each job is; a part that has died is started again meanwhile."""
    give_up_at = time.monotonic() + _AWAY_SECONDS
    while True:
        try:
            return [client.progress(job.job) for job in jobs]
        except (ServiceUnavailable, StoreUnavailable):
            if time.monotonic() > give_up_at:
                raise
            farm.tend(_POLL_SECONDS)


def _check_progress_can_come(farm: LocalFarm, client: Client, *, stuck_seconds: float) -> None:
    """Raise FarmError when a node says why it cannot render, or nothing came for very long."""
    for node in client.nodes():
        if node["unfit"]:
            raise FarmError(f"node {node['name']} cannot render: {node['unfit']}")
    if stuck_seconds > _STUCK_SECONDS:
        raise FarmError(f"no frame was finished for {stuck_seconds:.0f} s (logs: {farm.logs})")


def _how_far(job: Submitted, told: dict[str, Any]) -> HowFar:
    counts = told["counts"]
    return HowFar(
        production=job.production,
        done=counts["succeeded"],
        running=counts["running"],
        total=counts["total"],
        eta_seconds=told["eta_seconds"],
    )


def _shot(client: Client, job: Submitted) -> Shot:
    """All that a job made. Raises FarmError unless all of it is there."""
    detail = client.job(job.job)
    if detail["state"] != "succeeded":
        raise FarmError(_failure(job.production, detail))
    tasks = client.frames(job.job, limit=_MAX_TASKS)
    render, *reels = detail["layers"]
    frames = [one for one in tasks if one["layer"] in {render["id"], render["name"]}]
    return Shot(
        production=job.production,
        frames=tuple(
            (one["frame"], one["elapsed_seconds"], Path(fill_frame(job.output, one["frame"])))
            for one in frames
        ),
        peak_memory_bytes=max(one["peak_memory_bytes"] for one in frames),
        reels=tuple((one["name"], Path(one["output"])) for one in reels),
        reel_seconds=sum(one["elapsed_seconds"] for one in tasks if one not in frames),
    )


def _failure(production: str, job: dict[str, Any]) -> str:
    failures = job["failures"]
    why = failures[0]["reason"] if failures else "no reason was kept"
    counts = job["layers"][0]["counts"]
    missing = counts["total"] - counts["succeeded"]
    what = f"{missing} of {counts['total']} frames" if missing else "sheet or film"
    return f"{what} of {production} failed: {why}"


def _results(run: Run, out: Path) -> Iterator[str]:
    """Where all of it lies."""
    yield f"\nEverything lies in {out}"
    for shot in run.shots:
        yield f"  {shot.production + '/':<32} {len(shot.frames)} images, and their logs"
        for name, path in shot.reels:
            yield f"  {path.relative_to(out)!s:<32} {_REELS[name]}"


def _check_nothing_left() -> None:
    left = descendants()
    if left:
        raise FarmError(f"processes of the farm are still running: {', '.join(left)}")
