"""Build the demo's scene: limestone peaks above still water, in the mist before sunrise.

Run as a child process, since it needs the bpy module: `python -m farm.demo.scene OUT.blend`. The
scene is the same on every run, needs no other file, and is light: a frame is a second or so.
"""

import argparse
import math
import random
from pathlib import Path
from typing import Any

import bpy
from mathutils import Matrix, Vector, noise

FRAMES = 24
WIDTH, HEIGHT = 640, 360
_SAMPLES = 4
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


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the demo's scene.")
    parser.add_argument("out", type=Path, help="the .blend file to write")
    out = parser.parse_args().out.absolute()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    _set_render(scene)
    _build_sky(scene)
    rock = _rock()
    for number, (x, y, radius, height) in enumerate(_PEAKS):
        _build_peak(number, Vector((x, y, 0.0)), radius, height, rock)
    _build_water()
    _build_mist()
    _build_boat()
    _build_camera(scene)
    out.parent.mkdir(parents=True, exist_ok=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(out), compress=True)


def _set_render(scene: Any) -> None:
    scene.frame_start, scene.frame_end = 1, FRAMES
    render = scene.render
    render.engine = "CYCLES"
    render.fps = 24
    render.resolution_x, render.resolution_y = WIDTH, HEIGHT
    render.image_settings.file_format = "PNG"
    render.image_settings.color_mode = "RGB"
    cycles = scene.cycles
    cycles.samples, cycles.seed = _SAMPLES, 7
    cycles.use_adaptive_sampling = False
    cycles.use_denoising = True
    cycles.denoising_quality, cycles.denoising_prefilter = "FAST", "NONE"
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 2, 0, 1
    cycles.volume_bounces, cycles.transparent_max_bounces = 0, 5
    cycles.caustics_reflective = cycles.caustics_refractive = False
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.look = "AgX - Medium High Contrast"


class Nodes:
    """A node tree, built in few words: values are set and links made by input name."""

    def __init__(self, tree: Any) -> None:
        self._tree = tree
        tree.nodes.clear()

    def add(self, kind: str, settings: dict[str, Any] | None = None, **inputs: Any) -> Any:
        node = self._tree.nodes.new(kind)
        for name, value in (settings or {}).items():
            setattr(node, name, value)
        for name, value in inputs.items():
            self.join(node.inputs[name.replace("_", " ")], value)
        return node

    def math(self, operation: str, *values: Any) -> Any:
        node = self.add("ShaderNodeMath", {"operation": operation})
        for socket, value in zip(node.inputs, values, strict=False):
            self.join(socket, value)
        return node.outputs[0]

    def ramp(self, factor: Any, *stops: tuple[float, tuple[float, float, float]]) -> Any:
        node = self.add("ShaderNodeValToRGB", Fac=factor)
        elements = node.color_ramp.elements
        while len(elements) < len(stops):
            elements.new(1.0)
        for element, (position, color) in zip(elements, stops, strict=True):
            element.position, element.color = position, (*color, 1.0)
        return node.outputs["Color"]

    def join(self, socket: Any, value: Any) -> None:
        if isinstance(value, bpy.types.NodeSocket):
            self._tree.links.new(value, socket)
        else:
            socket.default_value = value


def _build_sky(scene: Any) -> None:
    """From apricot at the horizon to slate blue, with a glow where the sun will come up."""
    world = bpy.data.worlds.new("Dawn")
    world.use_nodes = True
    scene.world = world
    world.cycles.sampling_method, world.cycles.sample_map_resolution = "MANUAL", 128
    nodes = Nodes(world.node_tree)
    direction = nodes.add("ShaderNodeTexCoord").outputs["Generated"]
    up = nodes.add("ShaderNodeSeparateXYZ", Vector=direction).outputs["Z"]
    color = nodes.ramp(
        up,
        (0.0, (1.0, 0.50, 0.24)),
        (0.07, (0.95, 0.56, 0.38)),
        (0.2, (0.55, 0.50, 0.58)),
        (0.6, (0.13, 0.20, 0.38)),
    )
    sun = Vector((0.16, 1.0, 0.05)).normalized()
    facing = nodes.add("ShaderNodeVectorMath", {"operation": "DOT_PRODUCT"})
    nodes.join(facing.inputs[0], direction)
    facing.inputs[1].default_value = sun
    glow = nodes.math("POWER", nodes.math("MAXIMUM", facing.outputs["Value"], 0.0), 60.0)
    strength = nodes.math("MULTIPLY_ADD", glow, 2.6, 0.8)
    background = nodes.add("ShaderNodeBackground", Color=color, Strength=strength)
    nodes.add("ShaderNodeOutputWorld", Surface=background.outputs[0])
    light = bpy.data.lights.new("Sun", "SUN")
    light.energy, light.angle, light.color = 3.2, math.radians(2.0), (1.0, 0.62, 0.36)
    lamp = _add("Sun", light)
    lamp.rotation_euler = Vector((0.75, 0.55, 0.32)).to_track_quat("Z", "Y").to_euler()


def _add(name: str, data: Any, material: Any = None) -> Any:
    thing = bpy.data.objects.new(name, data)
    bpy.context.collection.objects.link(thing)
    if material:
        data.materials.append(material)
    return thing


def _hazy(nodes: Nodes, surface: Any, thin: float = 1.0) -> Any:
    """The air between: the farther, the more of the dawn's own colour, most of it low down."""
    camera = nodes.add("ShaderNodeCameraData").outputs["View Distance"]
    height = nodes.add(
        "ShaderNodeSeparateXYZ", Vector=nodes.add("ShaderNodeNewGeometry").outputs["Position"]
    ).outputs["Z"]
    thick = nodes.math("MULTIPLY_ADD", nodes.math("POWER", 0.72, height), 0.75, 0.40)
    air_on_the_way = nodes.math("MULTIPLY", nodes.math("MULTIPLY", camera, thick), thin)
    seen = nodes.math("POWER", 0.975, air_on_the_way)
    color = nodes.ramp(
        nodes.math("MULTIPLY", height, 0.06),
        (0.0, (0.98, 0.62, 0.42)),
        (0.45, (0.74, 0.55, 0.52)),
        (1.0, (0.42, 0.43, 0.54)),
    )
    air = nodes.add("ShaderNodeEmission", Color=color, Strength=0.72)
    mix = nodes.add("ShaderNodeMixShader", Fac=seen)
    nodes.join(mix.inputs[1], air.outputs[0])
    nodes.join(mix.inputs[2], surface)
    return mix.outputs[0]


def _rock() -> Any:
    """Limestone. Its colors lie in the meshes: a shader's noise would cost most of the frame."""
    material = bpy.data.materials.new("Limestone")
    material.cycles.emission_sampling = "NONE"  # haze is seen, it does not light
    material.use_nodes = True
    nodes = Nodes(material.node_tree)
    color = nodes.add("ShaderNodeAttribute", {"attribute_name": _COLOR}).outputs["Color"]
    surface = nodes.add("ShaderNodeBsdfDiffuse", Color=color).outputs[0]
    nodes.add("ShaderNodeOutputMaterial", Surface=_hazy(nodes, surface))
    return material


def _build_peak(number: int, foot: Vector, radius: float, height: float, rock: Any) -> None:
    """A tower with steep, furrowed sides and a round, wooded top."""
    chance = random.Random(number)
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
    mesh.from_pydata([tuple(point) for point in points], [], _tube(around, along))
    mesh.shade_smooth()
    layer = mesh.color_attributes.new(_COLOR, "FLOAT_COLOR", "POINT")
    layer.data.foreach_set("color", [part for color in colors for part in (*color, 1.0)])
    _add(mesh.name, mesh, rock)


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


def _tube(around: int, along: int) -> list[tuple[int, int, int, int]]:
    """The faces between rings of points."""
    return [
        (a * around + b, a * around + (b + 1) % around,
         (a + 1) * around + (b + 1) % around, (a + 1) * around + b)
        for a in range(along)
        for b in range(around)
    ]  # fmt: skip


def _build_water() -> None:
    """Still, with a breath of wind that moves on from frame to frame."""
    material = bpy.data.materials.new("Water")
    material.cycles.emission_sampling = "NONE"
    material.use_nodes = True
    nodes = Nodes(material.node_tree)
    position = nodes.add("ShaderNodeNewGeometry").outputs["Position"]
    moving = nodes.add("ShaderNodeMapping", Vector=position, Scale=(0.55, 1.5, 1.0))
    _animate(moving.inputs["Location"], (0.0, 0.0, 0.0), (0.06, -0.5, 0.25))
    waves = nodes.add("ShaderNodeTexNoise", Vector=moving.outputs[0], Scale=1.7, Detail=1.0)
    calm = nodes.add("ShaderNodeTexNoise", Vector=position, Scale=0.13).outputs[0]
    wind = nodes.math("MULTIPLY", nodes.math("POWER", calm, 3.0), 0.55)
    bump = nodes.add("ShaderNodeBump", Strength=wind, Distance=0.3, Height=waves.outputs[0])
    mirror = nodes.add(
        "ShaderNodeBsdfGlossy", Color=(0.86, 0.88, 0.9, 1.0), Roughness=0.04, Normal=bump.outputs[0]
    )
    deep = nodes.add("ShaderNodeBsdfDiffuse", Color=(0.02, 0.045, 0.05, 1.0))
    fresnel = nodes.add("ShaderNodeLayerWeight", Blend=0.42, Normal=bump.outputs[0])
    mix = nodes.add("ShaderNodeMixShader", Fac=fresnel.outputs["Fresnel"])
    nodes.join(mix.inputs[1], deep.outputs[0])
    nodes.join(mix.inputs[2], mirror.outputs[0])
    nodes.add("ShaderNodeOutputMaterial", Surface=_hazy(nodes, mix.outputs[0], thin=0.35))
    mesh = bpy.data.meshes.new("Water")
    mesh.from_pydata(
        [(-300, -20, 0), (300, -20, 0), (300, 400, 0), (-300, 400, 0)], [], [(0, 1, 2, 3)]
    )
    _add("Water", mesh, material)


def _build_mist() -> None:
    """Banks of mist between the rows of peaks, drifting."""
    material = bpy.data.materials.new("Mist")
    material.cycles.emission_sampling = "NONE"
    material.use_nodes = True
    nodes = Nodes(material.node_tree)
    generated = nodes.add("ShaderNodeTexCoord").outputs["Generated"]
    place = nodes.add("ShaderNodeTexCoord").outputs["Object"]
    drawn = nodes.add("ShaderNodeMapping", Vector=place, Scale=(0.10, 1.0, 0.34)).outputs[0]
    wisps = nodes.add("ShaderNodeTexNoise", Vector=drawn, Scale=1.5, Detail=2.0).outputs[0]
    parts = nodes.add("ShaderNodeSeparateXYZ", Vector=generated)
    low = nodes.math("POWER", nodes.math("SUBTRACT", 1.0, parts.outputs["Z"]), 1.6)
    dense = nodes.math("MULTIPLY", low, nodes.math("MULTIPLY_ADD", wisps, 3.2, -1.05))
    opacity = nodes.math(
        "MULTIPLY", nodes.math("MINIMUM", nodes.math("MAXIMUM", dense, 0.0), 1.0), 0.8
    )
    light = nodes.add("ShaderNodeEmission", Color=(1.0, 0.68, 0.5, 1.0), Strength=0.8)
    mix = nodes.add("ShaderNodeMixShader", Fac=opacity)
    nodes.join(mix.inputs[1], nodes.add("ShaderNodeBsdfTransparent").outputs[0])
    nodes.join(mix.inputs[2], light.outputs[0])
    nodes.add("ShaderNodeOutputMaterial", Surface=mix.outputs[0])
    for y, top, drift in (
        (20.5, 2.2, 0.5),
        (36.0, 4.0, -0.7),
    ):
        mesh = bpy.data.meshes.new("Mist")
        corners = [(-80, 0, 0), (80, 0, 0), (80, 0, top), (-80, 0, top)]
        mesh.from_pydata(corners, [], [(0, 1, 2, 3)])
        bank = _add("Mist", mesh, material)
        bank.visible_shadow = bank.visible_diffuse = False
        _animate_location(bank, (0.0, y, 0.0), (drift, y, 0.0))


def _build_boat() -> None:
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
    _animate_location(raft, (-1.55, 6.4, 0.0), (-1.2, 6.3, 0.0))


def _part(parent: Any, mesh: Any, material: Any) -> None:
    _add(mesh.name, mesh, material).parent = parent


def _plain(name: str, color: tuple[float, float, float]) -> Any:
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    nodes = Nodes(material.node_tree)
    surface = nodes.add("ShaderNodeBsdfDiffuse", Color=(*color, 1.0)).outputs[0]
    nodes.add("ShaderNodeOutputMaterial", Surface=surface)
    return material


def _lathe(
    profile: list[tuple[float, float]], *, at: tuple[float, float, float], lean: float = 0.0
) -> Any:
    """A turned form: radius and height, from the bottom up."""
    around = 20
    turn = Matrix.Translation(at) @ Matrix.Rotation(lean, 4, "Y")
    points = [
        tuple(turn @ Vector((radius * math.cos(a), radius * math.sin(a), height)))
        for radius, height in profile
        for a in (math.tau * step / around for step in range(around))
    ]
    mesh = bpy.data.meshes.new("Part")
    mesh.from_pydata(points, [], _tube(around, len(profile) - 1))
    mesh.shade_smooth()
    return mesh


def _pole(aside: float) -> Any:
    """One of the raft's bamboo poles: along x, bent up at both ends."""
    along, around, thick = 24, 8, 0.042
    points = []
    for step in range(along + 1):
        x = (step / along - 0.5) * 2.0
        bend = 0.03 + 0.16 * abs(x) ** 5
        for a in (math.tau * one / around for one in range(around)):
            points.append((x * 1.05, aside + thick * math.cos(a), bend + thick * math.sin(a)))
    mesh = bpy.data.meshes.new("Pole")
    mesh.from_pydata(points, [], _tube(around, along))
    return mesh


def _build_camera(scene: Any) -> None:
    """Low over the water, gliding sideways."""
    lens = bpy.data.cameras.new("Camera")
    lens.lens, lens.clip_end = 30.0, 600.0
    lens.dof.use_dof, lens.dof.focus_distance, lens.dof.aperture_fstop = True, 9.5, 1.2
    camera = _add("Camera", lens)
    camera.rotation_euler = (math.radians(95.0), 0.0, 0.0)
    _animate_location(camera, (-0.35, -2.4, 1.25), (0.35, -1.9, 1.3))
    scene.camera = camera


def _animate_location(thing: Any, begin: tuple[float, ...], end: tuple[float, ...]) -> None:
    for frame, place in ((1, begin), (FRAMES, end)):
        thing.location = place
        thing.keyframe_insert("location", frame=frame)
    _at_even_speed(thing.animation_data.action)


def _animate(socket: Any, begin: tuple[float, ...], end: tuple[float, ...]) -> None:
    for frame, value in ((1, begin), (FRAMES, end)):
        socket.default_value = value
        socket.keyframe_insert("default_value", frame=frame)
    _at_even_speed(socket.id_data.animation_data.action)


def _at_even_speed(action: Any) -> None:
    for curve in action.fcurves:
        for key in curve.keyframe_points:
            key.interpolation = "LINEAR"


if __name__ == "__main__":
    main()
