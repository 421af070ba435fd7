"""All that is known of a job, as rows for people."""

import time
from typing import Any

from farm.cli import bounds, steering, upkeep
from farm.cli.options import Session
from farm.cli.output import between, counted
from farm.model.errors import NotAllowed, NotFound
from farm.model.sizes import format_energy, format_size, format_span
from farm.model.states import JobState, TaskState


def rows(session: Session, found: dict[str, Any]) -> list[tuple[str, object]]:
    """Of the job as the service told it."""
    return [
        *_head(found),
        ("why", found["why"]),
        *_sent(session, found),
        *_layers(found),
        *_failures(found),
        *upkeep.shunned(session, found["id"]),
    ]


def _times(job: dict[str, Any]) -> list[tuple[str, object]]:
    told: list[tuple[str, object]] = [("group", job["group"])] if job["group"] else []
    if job["start_at"] > time.time():
        told.append(("begins", steering.as_told(job["start_at"])))
    if job["deadline_at"]:
        told.append(("wanted by", steering.as_told(job["deadline_at"])))
    return told + bounds.rows(job)


def _head(job: dict[str, Any]) -> list[tuple[str, object]]:
    took = (job["ended_at"] or time.time()) - job["created_at"]
    told: list[tuple[str, object]] = [
        ("job", job["id"]),
        ("name", job["name"]),
        ("production", job["production"]),
        ("owner", job["owner"] or "-"),
        ("state", job["state"]),
        ("priority", job["priority"]),
        *_times(job),
        ("frames", _counts(job["counts"])),
        ("took" if job["ended_at"] else "age", format_span(max(0.0, took))),
        *_energy(job),
    ]
    if job["eta_seconds"] is not None and job["state"] == JobState.ACTIVE:
        pace = f"{job['frames_per_minute']:.1f} frames/min"
        told.append(("left", f"{format_span(job['eta_seconds'])} at {pace}; {_how_sure(job)}"))
    return told


def _energy(job: dict[str, Any]) -> list[tuple[str, object]]:
    used = job["energy_joules"]
    if not used:
        return []
    done = job["counts"]["succeeded"]
    each = f", {format_energy(used / done)} a frame" if done else ""
    modelled = job["energy_modelled_joules"] / used
    source = f" ({modelled:.0%} by a model)" if modelled else ""
    return [("energy", format_energy(used) + each + source)]


def _how_sure(job: dict[str, Any]) -> str:
    span = between(job["eta_early_seconds"], job["eta_late_seconds"])
    return f"{job['confidence']:.0%} sure: {span}"


def _sent(session: Session, job: dict[str, Any]) -> list[tuple[str, object]]:
    """Of a sent job: what it is made of, and how its images come back."""
    digest = job["layers"][0]["manifest"]
    if not digest or session.view.as_json:
        return []
    try:
        manifest = session.client.manifest(job["production"], digest)
    except (NotFound, NotAllowed):
        made_of = "files that the farm does not keep any more"
    else:
        files = counted(len(manifest.entries), "file")
        made_of = f"{files}, {format_size(manifest.size_bytes)}"
    project = session.farm.job(job["id"]).project()
    here = f", from {project.root}" if project else ""
    return [("sent", made_of + here), ("pull", f"farm pull {job['id']} --follow")]


def _images(layer: dict[str, Any]) -> str:
    if not layer["manifest"]:
        return str(layer["output"])
    return f"{layer['output'].removeprefix('/')} in the project"


def _counts(counts: dict[str, int]) -> str:
    states = [f"{counts[state]} {state}" for state in TaskState if counts[state]]
    return f"{counts['total']} in all: {', '.join(states)}"


def _layers(job: dict[str, Any]) -> list[tuple[str, object]]:
    told: list[tuple[str, object]] = []
    for layer in job["layers"]:
        wants, done = layer["resources"], layer["counts"]["succeeded"]
        gpus = f", {counted(wants['gpus'], 'GPU')}" if wants["gpus"] else ""
        told += [
            (f"layer {layer['name']}", f"frames {layer['frames']}: {_counts(layer['counts'])}"),
            ("  scene", layer["scene"]),
            ("  images", _images(layer)),
            (
                "  each takes",
                f"{counted(wants['cores'], 'core')}, {_memory(layer)}{gpus}"
                + (f", pool {layer['pool']}" if layer["pool"] else "")
                + (f"; {format_span(layer['render_seconds'] / done)} on average" if done else ""),
            ),
            *bounds.wants(layer),
            ("  slots now", layer["leases"]),
        ]
    return told


def _memory(layer: dict[str, Any]) -> str:
    """Asked, and what is booked instead where the farm has learnt better."""
    asked, booked = layer["resources"]["memory_bytes"], layer["booked_memory_bytes"]
    learnt = f" asked, {format_size(booked)} learnt" if booked != asked else ""
    ran_out = layer["out_of_memory"]
    told = f" (ran out of memory {counted(ran_out, 'time')})" if ran_out else ""
    return f"{format_size(asked)}{learnt}{told}"


def _failures(job: dict[str, Any]) -> list[tuple[str, object]]:
    told: list[tuple[str, object]] = []
    for group in job["failures"]:
        frames = ", ".join(str(frame) for frame in group["frames"][:8])
        more = " …" if group["count"] > 8 else ""
        told.append((f"failed {group['count']}x", f"{group['reason']} (frames {frames}{more})"))
    if job["failures_looked_at"] < job["counts"]["failed"]:
        told.append(("", f"reasons of the first {job['failures_looked_at']} failed frames only"))
    if job["failures"]:
        frame = job["failures"][0]["frames"][0]
        told.append(("next", f"farm frames log {job['id']} {frame}; farm jobs retry {job['id']}"))
    return told
