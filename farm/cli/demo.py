"""`farm demo`: the farm shown at work, start to end, without anything else to type."""

import shutil
from pathlib import Path

import click

from farm.cli.up import heed_signals
from farm.demo.film import make_film
from farm.model.errors import FarmError
from farm.up.lock import FolderLock


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo-output"),
    show_default=True,
    help="Folder for the images, contact sheets and films.",
)
@click.option(
    "--slots",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    help="Frames rendered at the same time.",
)
@click.option(
    "--scene",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    show_default="one made for it",
    help="A scene of yours to render instead.",
)
@click.option("--keep", is_flag=True, help="Keep the farm's own folder, with its logs and data.")
def demo(out: Path, slots: int, scene: Path | None, *, keep: bool) -> None:
    """Render a small film for two productions on a farm of its own."""
    heed_signals()
    out = out.expanduser().absolute()
    state = out / "farm"
    _forget_earlier_demo(state)
    try:
        make_film(
            out=out,
            state=state,
            slots=slots,
            scene=None if scene is None else scene.expanduser().absolute(),
            say=click.echo,
        )
    except FarmError:
        keep = True  # its logs say more than our one line
        raise
    finally:
        if not keep:
            shutil.rmtree(state, ignore_errors=True)


def _forget_earlier_demo(state: Path) -> None:
    """What one that was killed left would be taken for jobs of this one."""
    lock = FolderLock(state, what="demo")
    shutil.rmtree(state / "store", ignore_errors=True)
    lock.release()
