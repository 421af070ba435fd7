"""The raft of the demo's scene, its fisherman and his lantern. Needs bpy."""

import math

import bpy
from mathutils import Matrix, Vector

from farm.demo.nodes import Nodes, add, animate_location, tube


def build_raft() -> None:
    """A raft with a fisherman and his lantern, the one near and warm thing."""
    dark = _plain("Wood", (0.035, 0.022, 0.015))
    raft = bpy.data.objects.new("Raft", None)
    bpy.context.collection.objects.link(raft)
    for lane in range(5):
        _part(raft, _pole((lane - 2) * 0.085), dark)
    _part(
        raft,
        _lathe(
            [(0.0, 0.0), (0.13, 0.0), (0.10, 0.32), (0.12, 0.52), (0.05, 0.62), (0.0, 0.63)],
            at=(0.1, 0.0, 0.06),
        ),
        _plain("Coat", (0.03, 0.035, 0.05)),
    )
    _part(
        raft, _lathe([(0.0, 0.0), (0.06, 0.03), (0.07, 0.09), (0.0, 0.16)], at=(0.1, 0, 0.67)), dark
    )
    _part(
        raft,
        _lathe([(0.21, 0.0), (0.0, 0.15)], at=(0.1, 0.0, 0.76)),
        _plain("Hat", (0.16, 0.10, 0.045)),
    )
    _part(raft, _lathe([(0.012, 0.0), (0.012, 1.7)], at=(0.3, 0.05, 0.0), lean=-0.35), dark)
    _part(raft, _lathe([(0.012, 0.0), (0.012, 0.42)], at=(-0.62, 0.0, 0.05)), dark)
    glow = bpy.data.materials.new("Lantern")
    glow.use_nodes = True
    nodes = Nodes(glow.node_tree)
    flame = nodes.add("ShaderNodeEmission", Color=(1.0, 0.42, 0.10, 1.0), Strength=22.0)
    nodes.add("ShaderNodeOutputMaterial", Surface=flame.outputs[0])
    _part(
        raft,
        _lathe([(0.0, 0.0), (0.05, 0.02), (0.065, 0.09), (0.0, 0.16)], at=(-0.62, 0, 0.46)),
        glow,
    )
    raft.rotation_euler.z = math.radians(-14.0)
    animate_location(raft, (-1.55, 6.4, 0.0), (-1.2, 6.3, 0.0))


def _part(parent: bpy.types.Object, mesh: bpy.types.Mesh, material: bpy.types.Material) -> None:
    add(mesh.name, mesh, material).parent = parent


def _plain(name: str, color: tuple[float, float, float]) -> bpy.types.Material:
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    nodes = Nodes(material.node_tree)
    surface = nodes.add("ShaderNodeBsdfDiffuse", Color=(*color, 1.0)).outputs[0]
    nodes.add("ShaderNodeOutputMaterial", Surface=surface)
    return material


def _lathe(
    profile: list[tuple[float, float]], *, at: tuple[float, float, float], lean: float = 0.0
) -> bpy.types.Mesh:
    """A turned form: radius and height, from the bottom up."""
    around = 20
    turn = Matrix.Translation(at) @ Matrix.Rotation(lean, 4, "Y")
    points = [
        tuple(turn @ Vector((radius * math.cos(a), radius * math.sin(a), height)))
        for radius, height in profile
        for a in (math.tau * step / around for step in range(around))
    ]
    mesh = bpy.data.meshes.new("Part")
    mesh.from_pydata(points, [], tube(around, len(profile) - 1))
    mesh.shade_smooth()
    return mesh


def _pole(aside: float) -> bpy.types.Mesh:
    """One of the raft's bamboo poles: along x, bent up at both ends."""
    along, around, thick = 24, 8, 0.042
    points = []
    for step in range(along + 1):
        x = (step / along - 0.5) * 2.0
        bend = 0.03 + 0.16 * abs(x) ** 5
        points += [
            (x * 1.05, aside + thick * math.cos(a), bend + thick * math.sin(a))
            for a in (math.tau * one / around for one in range(around))
        ]
    mesh = bpy.data.meshes.new("Pole")
    mesh.from_pydata(points, [], tube(around, along))
    return mesh
