"""Build the demo's scene: limestone peaks above still water, in the mist before sunrise.

Run as a child process, since it needs the bpy module: `python -m farm.demo.scene OUT.blend`. The
scene is the same on every run, needs no other file, and is light: a frame is a second or so.
"""

import argparse
import math
from pathlib import Path

import bpy
from mathutils import Vector

from farm.demo.nodes import FRAMES, Nodes, add, animate, animate_location, hazy
from farm.demo.peaks import build_peaks
from farm.demo.raft import build_raft

WIDTH, HEIGHT = 640, 360
_SAMPLES = 4  #: the denoiser does the rest


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the demo's scene.")
    parser.add_argument("out", type=Path, help="the .blend file to write")
    out = parser.parse_args().out.absolute()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    _set_render(scene)
    _build_sky(scene)
    build_peaks()
    _build_water()
    _build_mist()
    build_raft()
    _build_camera(scene)
    out.parent.mkdir(parents=True, exist_ok=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(out), compress=True)


def _set_render(scene: bpy.types.Scene) -> None:
    scene.frame_start, scene.frame_end = 1, FRAMES
    render = scene.render
    render.engine = "CYCLES"
    render.fps = 24
    render.resolution_x, render.resolution_y = WIDTH, HEIGHT
    render.image_settings.file_format = "PNG"
    render.image_settings.color_mode = "RGB"
    cycles = scene.cycles
    cycles.denoising_input_passes = "RGB"  # so few samples leave edges in the others
    cycles.filter_width = 1.5
    cycles.samples, cycles.seed = _SAMPLES, 7
    cycles.use_adaptive_sampling = False
    cycles.use_denoising = True
    cycles.denoising_quality, cycles.denoising_prefilter = "FAST", "NONE"
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 2, 0, 1
    cycles.volume_bounces, cycles.transparent_max_bounces = 0, 5
    cycles.caustics_reflective = cycles.caustics_refractive = False
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.look = "AgX - Medium High Contrast"


def _build_sky(scene: bpy.types.Scene) -> None:
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
    lamp = add("Sun", light)
    lamp.rotation_euler = Vector((0.75, 0.55, 0.32)).to_track_quat("Z", "Y").to_euler()


def _build_water() -> None:
    """Still, with a breath of wind that moves on from frame to frame."""
    material = bpy.data.materials.new("Water")
    material.cycles.emission_sampling = "NONE"
    material.use_nodes = True
    nodes = Nodes(material.node_tree)
    position = nodes.add("ShaderNodeNewGeometry").outputs["Position"]
    moving = nodes.add("ShaderNodeMapping", Vector=position, Scale=(0.55, 1.5, 1.0))
    animate(moving.inputs["Location"], (0.0, 0.0, 0.0), (0.06, -0.5, 0.25))
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
    nodes.add("ShaderNodeOutputMaterial", Surface=hazy(nodes, mix.outputs[0], thin=0.35))
    mesh = bpy.data.meshes.new("Water")
    mesh.from_pydata(
        [(-300, -20, 0), (300, -20, 0), (300, 400, 0), (-300, 400, 0)], [], [(0, 1, 2, 3)]
    )
    add("Water", mesh, material)


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
        bank = add("Mist", mesh, material)
        bank.visible_shadow = bank.visible_diffuse = False
        animate_location(bank, (0.0, y, 0.0), (drift, y, 0.0))


def _build_camera(scene: bpy.types.Scene) -> None:
    """Low over the water, gliding sideways."""
    lens = bpy.data.cameras.new("Camera")
    lens.lens, lens.clip_end = 30.0, 600.0
    lens.dof.use_dof, lens.dof.focus_distance, lens.dof.aperture_fstop = True, 9.5, 1.2
    camera = add("Camera", lens)
    camera.rotation_euler = (math.radians(95.0), 0.0, 0.0)
    animate_location(camera, (-0.35, -2.4, 1.25), (0.35, -1.9, 1.3))
    scene.camera = camera


if __name__ == "__main__":
    main()
