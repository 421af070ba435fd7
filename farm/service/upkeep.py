"""Routes for the upkeep of nodes: locks, comments, hours, restarts, trust, and who shuns them."""

from fastapi import APIRouter
from pydantic import Field

from farm.policy.access import Right
from farm.service import answers
from farm.service.access import Caller, SteeredJob, VisibleJob
from farm.service.link import TheStore
from farm.service.node_schemas import NodeOut
from farm.service.requests import Key, NodeName
from farm.service.schemas import In, Out

router = APIRouter(tags=["upkeep"], responses=answers.DESCRIBED)


class ReasonIn(In):
    reason: str = Field("", max_length=256, description="Told to all who ask.")


class TextIn(In):
    text: str = Field("", max_length=256, description="Empty takes it back.")


class UnblockIn(In):
    node: str = Field("", max_length=64, description="Only this one; all when left out.")


class BlockedOut(Out):
    nodes: list[str] = Field(description="That the job shuns: its frames failed only there.")


class ForgottenOut(Out):
    name: str = Field(description="Of the node that is no more.")


class UnblockedOut(Out):
    nodes: int = Field(description="How many the job may use again.")


@router.post("/nodes/{node}/lock", summary="Lock a node")
def lock(store: TheStore, node: NodeName, asked: ReasonIn, _key: Key, caller: Caller) -> NodeOut:
    """It gets no new slots of work; those it has run on to their end."""
    caller.must(Right.STEER_NODES)
    store.nodes.lock(node, asked.reason)
    return NodeOut.of(store.nodes.get(node))


@router.post("/nodes/{node}/unlock", summary="Unlock a node")
def unlock(store: TheStore, node: NodeName, _key: Key, caller: Caller) -> NodeOut:
    """Take back a lock."""
    caller.must(Right.STEER_NODES)
    store.nodes.unlock(node)
    return NodeOut.of(store.nodes.get(node))


@router.post("/nodes/{node}/restart", summary="Have a node's worker start anew")
def restart(store: TheStore, node: NodeName, asked: ReasonIn, _key: Key, caller: Caller) -> NodeOut:
    """It finishes the frames in work first."""
    caller.must(Right.STEER_NODES)
    store.nodes.restart(node, asked.reason)
    return NodeOut.of(store.nodes.get(node))


@router.put("/nodes/{node}/comment", summary="Note something on a node")
def comment(store: TheStore, node: NodeName, asked: TextIn, _key: Key, caller: Caller) -> NodeOut:
    """For people only."""
    caller.must(Right.STEER_NODES)
    store.nodes.comment(node, asked.text)
    return NodeOut.of(store.nodes.get(node))


@router.put("/nodes/{node}/schedule", summary="Set the hours a node keeps")
def schedule(store: TheStore, node: NodeName, asked: TextIn, _key: Key, caller: Caller) -> NodeOut:
    """As "Mon-Fri 22:00-06:00 Asia/Shanghai"; outside them it finishes and takes no work."""
    caller.must(Right.STEER_NODES)
    store.nodes.schedule(node, asked.text)
    return NodeOut.of(store.nodes.get(node))


@router.post("/nodes/{node}/clear", summary="Trust a node again")
def clear(store: TheStore, node: NodeName, _key: Key, caller: Caller) -> NodeOut:
    """Forget its failures, and end its quarantine."""
    caller.must(Right.STEER_NODES)
    store.faults.pardon(node)
    return NodeOut.of(store.nodes.get(node))


@router.delete("/nodes/{node}", summary="Forget a node that is gone for good")
def forget(store: TheStore, node: NodeName, key: Key, caller: Caller) -> ForgottenOut:
    """Only one that is offline. What it did stays counted; if its worker comes back, so does it."""
    caller.must(Right.STEER_NODES)
    store.nodes.forget(node, key=key)
    return ForgottenOut(name=node)


@router.get("/jobs/{job}/blocked", summary="Which nodes a job shuns")
def blocked(store: TheStore, job: VisibleJob) -> BlockedOut:
    """Frames of it failed there that succeeded elsewhere."""
    return BlockedOut(nodes=list(store.faults.blocked(job)))


@router.post("/jobs/{job}/unblock", summary="Let a job use nodes again that it shuns")
def unblock(store: TheStore, job: SteeredJob, asked: UnblockIn, _key: Key) -> UnblockedOut:
    """One, or all."""
    return UnblockedOut(nodes=store.faults.unblock(job, asked.node))
