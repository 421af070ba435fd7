"""The six boards, each in a module of its own."""

from tools.grafana.boards import node, overview, pools, production, render_times, scheduler
from tools.grafana.parts import Board

BOARDS: tuple[Board, ...] = (
    overview.BOARD,
    pools.BOARD,
    node.BOARD,
    production.BOARD,
    scheduler.BOARD,
    render_times.BOARD,
)
