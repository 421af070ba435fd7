"""Which names the farm takes, for productions, jobs, pools and nodes, and what ids tell."""

from farm.model.errors import BadName

MAX_NAME_CHARACTERS = 64


def check_name(kind: str, name: str) -> str:
    """Return `name` if it is a good name for a `kind` ("production", "pool", "node").

    Letters and digits of any script, and `.` `_` `-`; the first is a letter or digit. Such a name
    is safe as a file name, a Redis key part, a queue name and a metric label.

    Raises BadName.
    """
    good = name[:1].isalnum() and all(c.isalnum() or c in "._-" for c in name)
    if good and len(name) <= MAX_NAME_CHARACTERS:
        return name
    raise BadName(
        f"{kind} name {name!r}: use letters, digits, '.', '_' or '-', "
        f"a letter or digit first, at most {MAX_NAME_CHARACTERS} characters"
    )


def check_group(group: str) -> str:
    """Return `group` if it is a good name for a group: names between slashes, "sq010/sh020".

    Raises BadName.
    """
    for part in group.split("/"):
        check_name("group", part)
    if len(group) > 4 * MAX_NAME_CHARACTERS:
        raise BadName(f"group name {group!r}: at most {4 * MAX_NAME_CHARACTERS} characters")
    return group


def job_of_layer(layer: str) -> str:
    """The id of a layer's job: the layers of job 7 are 7.1, 7.2 and so on.

    `layer` may go on after its id, as the lines of `farm.store.views` do; "" is of no job.
    """
    return layer.partition(".")[0]


def check_title(kind: str, title: str) -> str:
    """Return `title` if it can stand on one line of a table: printable, not blank, not too long.

    Raises BadName.
    """
    if title.strip() and title.isprintable() and len(title) <= 4 * MAX_NAME_CHARACTERS:
        return title
    raise BadName(
        f"{kind} name {title!r}: use printable characters, at most {4 * MAX_NAME_CHARACTERS}"
    )
