"""What the demo's scene is made with: shader nodes in few words, things that move. Needs bpy."""

import bpy

FRAMES = 24


class Nodes:
    """A node tree, built in few words: values are set and links made by input name."""

    def __init__(self, tree: bpy.types.NodeTree) -> None:
        self._tree = tree
        tree.nodes.clear()

    def add(
        self, kind: str, settings: dict[str, object] | None = None, **inputs: object
    ) -> bpy.types.Node:
        node = self._tree.nodes.new(kind)
        for name, value in (settings or {}).items():
            setattr(node, name, value)
        for name, value in inputs.items():
            self.join(node.inputs[name.replace("_", " ")], value)
        return node

    def math(self, operation: str, *values: object) -> bpy.types.NodeSocket:
        node = self.add("ShaderNodeMath", {"operation": operation})
        for socket, value in zip(node.inputs, values, strict=False):
            self.join(socket, value)
        return node.outputs[0]

    def ramp(
        self, factor: object, *stops: tuple[float, tuple[float, float, float]]
    ) -> bpy.types.NodeSocket:
        node = self.add("ShaderNodeValToRGB", Fac=factor)
        elements = node.color_ramp.elements
        while len(elements) < len(stops):
            elements.new(1.0)
        for element, (position, color) in zip(elements, stops, strict=True):
            element.position, element.color = position, (*color, 1.0)
        return node.outputs["Color"]

    def join(self, socket: bpy.types.NodeSocket, value: object) -> None:
        if isinstance(value, bpy.types.NodeSocket):
            self._tree.links.new(value, socket)
        else:
            socket.default_value = value


def hazy(nodes: Nodes, surface: bpy.types.NodeSocket, thin: float = 1.0) -> bpy.types.NodeSocket:
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


def add(
    name: str, data: bpy.types.ID, material: bpy.types.Material | None = None
) -> bpy.types.Object:
    thing = bpy.data.objects.new(name, data)
    bpy.context.collection.objects.link(thing)
    if material:
        data.materials.append(material)
    return thing


def tube(around: int, along: int) -> list[tuple[int, int, int, int]]:
    """The faces between rings of points."""
    return [
        (a * around + b, a * around + (b + 1) % around,
         (a + 1) * around + (b + 1) % around, (a + 1) * around + b)
        for a in range(along)
        for b in range(around)
    ]  # fmt: skip


def animate_location(
    thing: bpy.types.Object, begin: tuple[float, ...], end: tuple[float, ...]
) -> None:
    for frame, place in ((1, begin), (FRAMES, end)):
        thing.location = place
        thing.keyframe_insert("location", frame=frame)
    _at_even_speed(thing.animation_data.action)


def animate(socket: bpy.types.NodeSocket, begin: tuple[float, ...], end: tuple[float, ...]) -> None:
    for frame, value in ((1, begin), (FRAMES, end)):
        socket.default_value = value
        socket.keyframe_insert("default_value", frame=frame)
    _at_even_speed(socket.id_data.animation_data.action)


def _at_even_speed(action: bpy.types.Action) -> None:
    for curve in action.fcurves:
        for key in curve.keyframe_points:
            key.interpolation = "LINEAR"
