"""Routes of nodes: list, look at, drain, undrain."""

from fastapi import APIRouter

from farm.service import answers
from farm.service.link import TheStore
from farm.service.requests import Key, NodeName
from farm.service.schemas import DrainIn, NodeOut

router = APIRouter(prefix="/nodes", tags=["nodes"], responses=answers.DESCRIBED)


@router.get("", summary="List nodes")
def ls(store: TheStore) -> list[NodeOut]:
    """All that ever registered, by name."""
    return [NodeOut.of(node) for node in sorted(store.nodes.list(), key=lambda node: node.name)]


@router.get("/{node}", summary="Look at a node")
def show(store: TheStore, node: NodeName) -> NodeOut:
    """What it has, what it does, and why it takes no work if it does not."""
    return NodeOut.of(store.nodes.get(node))


@router.post("/{node}/drain", summary="Drain a node")
def drain(store: TheStore, node: NodeName, asked: DrainIn, _key: Key) -> NodeOut:
    """It finishes the frames in work and takes no others, until it is undrained."""
    store.nodes.drain(node, asked.reason)
    return NodeOut.of(store.nodes.get(node))


@router.post("/{node}/undrain", summary="Let a drained node work again")
def undrain(store: TheStore, node: NodeName, _key: Key) -> NodeOut:
    """Take back a drain."""
    store.nodes.undrain(node)
    return NodeOut.of(store.nodes.get(node))
