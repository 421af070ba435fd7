"""Work of small played centres: a pool of plain nodes, and one of GPUs."""

from farm.model.resources import GIB
from farm.sim.scenario import FrameClass, ProductionSpec

MIX = (
    FrameClass(name="light", share=4, cores=2, memory_bytes=4 * GIB, minutes=7, limits=("nuke",)),
    FrameClass(name="hero", share=1, cores=4, memory_bytes=40 * GIB, minutes=40),
    FrameClass(name="path", share=1, cores=2, memory_bytes=8 * GIB, minutes=9, gpus=1),
)
PRODUCTIONS = (
    ProductionSpec(name="heron", pool="main", demand=3, mix=("light", "hero"), frames=(20, 80)),
    ProductionSpec(name="lynx", pool="main", demand=1, mix=("light",), frames=(5, 40)),
    ProductionSpec(name="stage", pool="gpu", demand=0.3, mix=("path",), frames=(5, 20)),
)
