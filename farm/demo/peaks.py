"""The limestone towers of the demo's scene. Needs bpy."""

import math
import random

import bpy
from mathutils import Vector, noise

from farm.demo.nodes import Nodes, add, hazy, tube

_NEAR, _FAR = (190, 150), (110, 90)  #: points of a peak, around and up
_COLOR = "Rock"
#: Peaks by layer, from the nearest: (x, y, radius, height).
_PEAKS = (
    (-7.6, 13.0, 2.3, 6.4), (-4.9, 16.0, 1.7, 3.6), (6.4, 14.5, 2.0, 5.2), (9.4, 17.5, 2.7, 8.0),
    (-12.5, 24.0, 3.0, 9.5), (-3.0, 27.0, 2.2, 6.8), (0.6, 30.0, 1.8, 4.4), (5.0, 29.0, 2.4, 8.6),
    (14.0, 30.0, 3.2, 10.5), (-20.0, 40.0, 4.2, 12.0), (-9.0, 45.0, 3.6, 11.0),
    (2.6, 50.0, 3.4, 9.0), (11.0, 48.0, 4.0, 13.0), (22.0, 46.0, 4.4, 12.0),
    (-26.0, 66.0, 6.0, 16.0), (-13.0, 72.0, 5.6, 14.0), (-1.5, 76.0, 5.0, 13.0),
    (10.0, 74.0, 6.0, 17.0), (24.0, 70.0, 6.4, 16.0), (36.0, 68.0, 6.0, 14.0),
)  # fmt: skip


def build_peaks() -> None:
    """All of them."""
    stone = _rock()
    for number, (x, y, radius, height) in enumerate(_PEAKS):
        _build_peak(number, Vector((x, y, 0.0)), radius, height, stone)


def _build_peak(
    number: int, foot: Vector, radius: float, height: float, rock: bpy.types.Material
) -> None:
    """A tower with steep, furrowed sides and a round, wooded top."""
    chance = random.Random(number)  # the same shape on every run
    around, along = _NEAR if foot.y < 20.0 else _FAR
    lean = Vector((chance.uniform(-0.12, 0.12), chance.uniform(-0.1, 0.1), 0.0)) * height
    offset = Vector((number * 17.3, number * 5.1, 0.0))
    points, colors = [], []
    for level in range(along + 1):
        rise = level / along
        profile = (1.0 - rise**2.4) ** 0.75 * (1.0 + 0.25 * (1.0 - rise) ** 5)
        for step in range(around):
            turn = math.tau * step / around
            out = Vector((math.cos(turn), math.sin(turn), 0.0))
            place = out * radius + Vector((0.0, 0.0, rise * height)) + offset
            stands_out, furrow = _furrows(place)
            up = Vector((0.0, 0.0, rise * height - 0.1))
            points.append(foot + out * radius * profile * stands_out + lean * rise**1.5 + up)
            colors.append(_color(place, rise, furrow))
    mesh = bpy.data.meshes.new(f"Peak {number}")
    mesh.from_pydata([tuple(point) for point in points], [], tube(around, along))
    mesh.shade_smooth()
    layer = mesh.color_attributes.new(_COLOR, "FLOAT_COLOR", "POINT")
    layer.data.foreach_set("color", [part for color in colors for part in (*color, 1.0)])
    add(mesh.name, mesh, rock)


def _furrows(place: Vector) -> tuple[float, float]:
    """How far the rock stands out here, and of that the upright furrows alone."""
    broad = noise.fractal(place * 0.30, 1.0, 2.0, 3)
    upright = noise.ridged_multi_fractal(
        Vector((place.x * 0.75, place.y * 0.75, place.z * 0.16)), 0.9, 2.2, 5, 1.0, 2.0
    )
    rough = noise.fractal(place * 1.9, 0.8, 2.1, 4)
    ledges = math.sin(place.z * 3.1 + 4.0 * noise.noise(place * 0.4))
    return 0.78 + 0.34 * broad + 0.17 * upright + 0.11 * rough + 0.03 * ledges, upright


def _color(place: Vector, rise: float, furrow: float) -> tuple[float, float, float]:
    """Pale stone, dark in the furrows; green on top, and where it finds a hold."""
    layers = 0.5 + 0.5 * math.sin(place.z * 3.1 + 4.0 * noise.noise(place * 0.4))
    grain = noise.fractal(place * 2.6, 0.7, 2.1, 4)
    light = max(0.16, 0.45 + 0.22 * furrow + 0.2 * layers + 0.3 * grain)
    stone = Vector((0.42, 0.35, 0.29)) * light
    green = Vector((0.040, 0.062, 0.022)) * max(0.3, 1.0 + 0.9 * grain)
    hold = noise.fractal(place * 0.8, 0.9, 2.0, 4) - 0.45 * furrow + 0.9 * rise**2 + 0.3
    mixed = stone.lerp(green, min(1.0, max(0.0, 2.6 * hold + 0.1)))
    return mixed.x, mixed.y, mixed.z


def _rock() -> bpy.types.Material:
    """Limestone. Its colors lie in the meshes: a shader's noise would cost most of the frame."""
    material = bpy.data.materials.new("Limestone")
    material.cycles.emission_sampling = "NONE"  # haze is seen, it does not light
    material.use_nodes = True
    nodes = Nodes(material.node_tree)
    color = nodes.add("ShaderNodeAttribute", {"attribute_name": _COLOR}).outputs["Color"]
    surface = nodes.add("ShaderNodeBsdfDiffuse", Color=color).outputs[0]
    nodes.add("ShaderNodeOutputMaterial", Surface=hazy(nodes, surface))
    return material
