"""What can be chosen at the head of a board."""

from tools.grafana.parts import Variable

POOL = Variable(
    name="pool",
    label="Pool",
    metric="farm_cores",
    text="Pools that the board tells of.",
)
NODE = Variable(
    name="node",
    label="Node",
    metric="farm_node_cores",
    text="Nodes that the board tells of; their figures are added up.",
)
PRODUCTION = Variable(
    name="production",
    label="Production",
    metric="farm_production_booked_cores",
    text="Productions that the board tells of.",
)
