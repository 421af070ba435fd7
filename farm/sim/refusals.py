"""Why a grant cannot be carried out: checked as the store checks it, whoever decided."""

from collections.abc import Mapping

from farm.model.lease import Grant
from farm.sim.pieces import PlayedCap, PlayedLayer, PlayedNode, PlayedProduction


def refusal(grant: Grant, node: PlayedNode | None, layer: PlayedLayer | None) -> str:
    """Why `layer` cannot have that of `node`; "" when it can."""
    if node is None or not node.open or node.epoch != grant.epoch:
        return "node"
    if layer is None or not layer.ready:
        return "no work"
    if not grant.resources.fits_in(node.free):
        return "room"
    if node.reserved_for not in ("", layer.id) and not grant.tasks:
        return "reserved"
    return ""


def bound(
    grant: Grant,
    pool: str,
    layer: PlayedLayer,
    caps: Mapping[str, PlayedCap],
    production: PlayedProduction,
) -> str:
    """The bound that `grant` in `pool` would pass; "" when there is none."""
    for name in layer.caps:
        cap = caps.get(name)
        if cap is not None and cap.held + 1 > cap.most:
            return "cap"
    ceiling = production.spec.ceiling_cores
    if ceiling is None or pool != production.spec.pool:
        return ""
    cores = production.booked[pool].cores + grant.resources.cores
    return "share" if cores > ceiling else ""
