"""Why a job that comes in cannot begin on any node there is: warnings, for more nodes may join."""

from collections.abc import Callable, Iterator, Sequence

from farm.model.job import LayerSpec
from farm.model.node import Node, NodeSpec
from farm.model.resources import Resources
from farm.model.sizes import format_size
from farm.model.states import NodeState
from farm.policy.fit import has_blender


def waits(layer: LayerSpec, nodes: Sequence[Node]) -> list[str]:
    """Why `layer` cannot begin on any of `nodes`, as warnings: more nodes may join."""
    fitting = [node for node in nodes if layer.pool in ("", node.spec.pool)]
    if not fitting:
        where = f"is in pool {layer.pool!r}" if nodes else "has registered"
        return [f"no node {where} yet: the job waits until one joins"]
    for what, good in _asked(layer):
        left = [node for node in fitting if good(node.spec)]
        if not left:
            where = f" of pool {layer.pool!r}" if layer.pool else ""
            return [f"no node{where} {what}: the job waits until one joins"]
        fitting = left
    return _short(layer, fitting)


def _short(layer: LayerSpec, fitting: Sequence[Node]) -> list[str]:
    """The amounts that none of `fitting` has, or that all of these are offline."""
    has = [node.spec.resources for node in fitting]
    short = _too_big(layer.resources, has)
    if short:
        return short
    if not any(layer.resources.fits_in(one) for one in has):
        return [f"no single node has {_amount(layer.resources)}: the job waits until one joins"]
    if all(node.state is NodeState.OFFLINE for node in fitting):
        return ["every fitting node is offline: the job waits until one comes back"]
    return []


def _asked(layer: LayerSpec) -> Iterator[tuple[str, Callable[[NodeSpec], bool]]]:
    """What `layer` asks of a node beside amounts, and whether one has it."""
    if layer.nodes:
        names = " or ".join(layer.nodes)
        yield f"is called {names}", lambda node: node.name in layer.nodes
    if layer.not_nodes:
        names = " and ".join(layer.not_nodes)
        yield f"is there beside {names}", lambda node: node.name not in layer.not_nodes
    if layer.tags:
        tags = " and ".join(layer.tags)
        yield f"has tag {tags}", lambda node: {*layer.tags} <= {*node.tags}
    if layer.blender:
        yield f"has Blender {layer.blender}", lambda node: has_blender(node.blenders, layer.blender)
    if layer.gpu_memory_bytes:
        size = format_size(layer.gpu_memory_bytes)
        yield f"has GPUs of {size}", lambda node: node.gpu_memory_bytes >= layer.gpu_memory_bytes


def _too_big(wanted: Resources, has: Sequence[Resources]) -> list[str]:
    """One warning for each amount that exceeds the largest node's."""
    amounts: list[tuple[Callable[[Resources], float], Callable[[float], str], str]] = [
        (lambda r: r.cores, _plain, "cores"),
        (lambda r: r.memory_bytes, format_size, "of memory"),
        (lambda r: r.gpus, _plain, "GPUs"),
    ]
    return [
        f"no node has {say(amount(wanted))} {of} (the largest has {say(max(map(amount, has)))}): "
        "the job waits until one joins"
        for amount, say, of in amounts
        if amount(wanted) > max(map(amount, has))
    ]


def _plain(amount: float) -> str:
    return f"{amount:g}"


def _amount(wanted: Resources) -> str:
    gpus = f" and {wanted.gpus} GPUs" if wanted.gpus else ""
    return f"{wanted.cores} cores and {format_size(wanted.memory_bytes)} of memory{gpus}"
