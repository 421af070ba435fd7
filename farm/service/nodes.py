"""Routes of nodes: list, look at, drain, undrain."""

from fastapi import APIRouter

from farm.model.node import Node
from farm.policy.access import Right
from farm.service import answers, discreet
from farm.service.access import Caller, Identity
from farm.service.link import TheStore
from farm.service.node_schemas import DrainIn, NodeOut
from farm.service.requests import Key, NodeName

router = APIRouter(prefix="/nodes", tags=["nodes"], responses=answers.DESCRIBED)


@router.get("", summary="List nodes")
def ls(store: TheStore, caller: Caller) -> list[NodeOut]:
    """All that ever registered, by name."""
    caller.must_somewhere(Right.READ_NODES)
    nodes = sorted(store.nodes.list(), key=lambda node: node.name)
    return [_as_seen(node, caller) for node in nodes]


@router.get("/{node}", summary="Look at a node")
def show(store: TheStore, node: NodeName, caller: Caller) -> NodeOut:
    """What it has, what it does, and why it takes no work if it does not."""
    caller.must_somewhere(Right.READ_NODES)
    return _as_seen(store.nodes.get(node), caller)


@router.post("/{node}/drain", summary="Drain a node")
def drain(store: TheStore, node: NodeName, asked: DrainIn, _key: Key, caller: Caller) -> NodeOut:
    """It finishes the frames in work and takes no others, until it is undrained."""
    caller.must(Right.STEER_NODES)
    store.nodes.drain(node, asked.reason)
    return NodeOut.of(store.nodes.get(node))


@router.post("/{node}/undrain", summary="Let a drained node work again")
def undrain(store: TheStore, node: NodeName, _key: Key, caller: Caller) -> NodeOut:
    """Take back a drain."""
    caller.must(Right.STEER_NODES)
    store.nodes.undrain(node)
    return NodeOut.of(store.nodes.get(node))


def _as_seen(node: Node, caller: Identity) -> NodeOut:
    """Nodes serve all productions: scenes, leases and paths are shown to those who see all."""
    whole = NodeOut.of(node)
    if caller.may(Right.READ_FARM):
        return whole
    told = {
        "unfit": discreet.unfit(node, whole=False),
        "closed": discreet.closed(node, whole=False),
    }
    return whole.model_copy(update={"warm_scenes": [], "leases": {}, **told})
