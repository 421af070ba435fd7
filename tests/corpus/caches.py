"""Scenes that need caches: of animation, volumes, simulations. Runs inside Blender."""

import shutil
from pathlib import Path
from typing import Any

from tests.corpus.scenery import any_file, clear, on_a_plane, save


def alembic(bpy: Any, folder: Path) -> list[str]:
    plane = on_a_plane(bpy)
    plane.select_set(True)
    bpy.ops.wm.alembic_export(filepath=str(folder / "walk.abc"), as_background_job=False)
    clear(bpy)
    bpy.ops.wm.alembic_import(
        filepath=str(folder / "walk.abc"), as_background_job=False, always_add_cache_reader=True
    )
    return ["walk.abc"]


def alembic_sequence(bpy: Any, folder: Path) -> list[str]:
    alembic(bpy, folder)
    names = [f"walk_{number:04d}.abc" for number in (1, 2, 3)]
    for name in names:
        shutil.copy(folder / "walk.abc", folder / name)
    (folder / "walk.abc").unlink()
    bpy.data.cache_files[0].filepath = str(folder / names[0])
    bpy.data.cache_files[0].is_sequence = True
    return names


def volume(bpy: Any, folder: Path) -> list[str]:
    cloud = bpy.data.volumes.new("Cloud")
    cloud.filepath = str(any_file(folder / "cloud.vdb"))
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("Cloud", cloud))
    return ["cloud.vdb"]


def volume_sequence(bpy: Any, folder: Path) -> list[str]:
    names = [f"smoke_{number:04d}.vdb" for number in (1, 2, 3)]
    for name in names:
        any_file(folder / name)
    cloud = bpy.data.volumes.new("Cloud")
    cloud.filepath = str(folder / names[0])
    cloud.is_sequence = True
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("Cloud", cloud))
    return names


def mesh_cache(bpy: Any, folder: Path) -> list[str]:
    modifier = on_a_plane(bpy).modifiers.new("Cache", "MESH_CACHE")
    modifier.cache_format = "PC2"
    modifier.filepath = str(any_file(folder / "walk.pc2"))
    return ["walk.pc2"]


def ocean(bpy: Any, folder: Path) -> list[str]:
    plane = on_a_plane(bpy)
    modifier = plane.modifiers.new("Sea", "OCEAN")
    modifier.resolution = 1
    modifier.filepath = str(folder / "sea")
    modifier.frame_start, modifier.frame_end = 1, 2
    return ["sea/disp_0001.exr"]


def fluid(bpy: Any, folder: Path) -> list[str]:
    modifier = on_a_plane(bpy).modifiers.new("Smoke", "FLUID")
    modifier.fluid_type = "DOMAIN"
    modifier.domain_settings.cache_directory = str(folder / "smoke")
    return ["smoke/config/config_0001.uni", "smoke/data/fluid_data_0001.vdb"]


def particle_disk_cache(bpy: Any, folder: Path) -> list[str]:
    """Blender keeps these beside the scene, in a folder of the scene's name."""
    plane = on_a_plane(bpy)
    plane.modifiers.new("Dust", "PARTICLE_SYSTEM")
    cache = plane.particle_systems[0].point_cache
    save(bpy, folder / "shot.blend")
    cache.use_disk_cache = True
    cache.name = "dust"
    return ["blendcache_shot/dust_000001_00.bphys"]


def particle_external_cache(bpy: Any, folder: Path) -> list[str]:
    plane = on_a_plane(bpy)
    plane.modifiers.new("Dust", "PARTICLE_SYSTEM")
    cache = plane.particle_systems[0].point_cache
    any_file(folder / "baked" / "dust_000001_00.bphys")
    cache.use_external = True
    cache.filepath = str(folder / "baked")
    cache.name = "dust"
    return ["baked/dust_000001_00.bphys"]


def cloth_disk_cache(bpy: Any, folder: Path) -> list[str]:
    plane = on_a_plane(bpy)
    cache = plane.modifiers.new("Cloth", "CLOTH").point_cache
    save(bpy, folder / "shot.blend")
    cache.use_disk_cache = True
    cache.name = "flag"
    return ["blendcache_shot/flag_000001_00.bphys"]


def multires_external(bpy: Any, folder: Path) -> list[str]:
    plane = on_a_plane(bpy)
    plane.modifiers.new("Multires", "MULTIRES")
    with bpy.context.temp_override(object=plane, active_object=plane):
        bpy.ops.object.multires_subdivide(modifier="Multires")
        save(bpy, folder / "shot.blend")
        bpy.ops.object.multires_external_save(filepath=str(folder / "clay.btx"))
    return ["clay.btx"]


def simulation_bake(bpy: Any, folder: Path) -> list[str]:
    group = bpy.data.node_groups.new("Sim", "GeometryNodeTree")
    group.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    before = group.nodes.new("GeometryNodeSimulationInput")
    after = group.nodes.new("GeometryNodeSimulationOutput")
    before.pair_with_output(after)
    end = group.nodes.new("NodeGroupOutput")
    group.links.new(after.outputs["Geometry"], end.inputs[0])
    modifier = on_a_plane(bpy).modifiers.new("Sim", "NODES")
    modifier.node_group = group
    modifier.bake_directory = str(folder / "baked")
    if hasattr(modifier, "bake_target"):
        modifier.bake_target = "DISK"
    bpy.context.view_layer.update()
    number = modifier.bakes[0].bake_id if modifier.bakes else 1
    return [f"baked/{number}/meta/000001_00.json", f"baked/{number}/blobs/000001_00.blob"]


def nodes_import(bpy: Any, folder: Path) -> list[str]:
    """Geometry nodes that read a file whose path is the value of a socket."""
    group = bpy.data.node_groups.new("Read", "GeometryNodeTree")
    group.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    node = group.nodes.new("GeometryNodeImportOBJ")
    node.inputs[0].default_value = str(any_file(folder / "rock.obj"))
    end = group.nodes.new("NodeGroupOutput")
    group.links.new(node.outputs[0], end.inputs[0])
    on_a_plane(bpy).modifiers.new("Read", "NODES").node_group = group
    return ["rock.obj"]
