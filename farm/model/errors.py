"""Every error a caller of Karst can meet, in one tree.

    FarmError
    ├── BadRequest              the request is wrong: mend it
    │   ├── BadFrames           a frame range that cannot be read, or is too long
    │   ├── BadName             a name with characters the farm does not take
    │   ├── BadScene            a scene that is missing, broken or cannot render
    │   │   └── MissingAssets   a scene whose files are not all there
    │   ├── BadManifest         a list of files with a path or digest that cannot be
    │   ├── WrongDigest         bytes that are not what they were called
    │   └── FilesNotSent        a job whose files the farm does not have (any more)
    ├── NotFound                no such job, node or frame
    ├── NotAllowed              a token that is missing, ended, or of another role or production
    ├── Conflict                the farm's state forbids it: look again
    │   ├── IllegalTransition   no such move in the transition table
    │   ├── LeaseLost           the lease is not ours any more: stop working on it
    │   ├── UploadElsewhere     the same file comes in by another connection: ask again soon
    │   ├── WrongOffset         the farm has another part of the file: ask which, go on there
    │   └── NodeSuperseded      a newer worker has registered under this node's name
    ├── NodeUnfit               the node cannot render, whatever the task
    ├── NotLeader               another scheduler leads
    ├── StorageFull             the disk for sent files is full: make room
    ├── StoreUnavailable        Redis or Valkey cannot be reached: try again
    ├── StoreUnfit              Redis or Valkey is too old or set up in a way that loses work
    └── ServiceUnavailable      the farm's service cannot be reached: try again

A message says what is wrong, where, and how to mend it, in one line.
"""


class FarmError(Exception):
    """Something the farm could not do, told in one line."""


class BadRequest(FarmError):
    """The request is wrong; mend it and send it again."""


class BadFrames(BadRequest):
    """A frame range that cannot be read, or is too long."""


class BadName(BadRequest):
    """A name with characters the farm does not take."""


class BadScene(BadRequest):
    """A scene that is missing, broken, or cannot be rendered."""


class MissingAssets(BadScene):
    """Files that a scene needs are not there."""


class BadManifest(BadRequest):
    """A list of files that names a path or digest that cannot be."""


class WrongDigest(BadRequest):
    """The bytes are not what they were called; read the file again and send that."""


class FilesNotSent(BadRequest):
    """The farm does not have, or no longer has, a file that the job needs."""


class NotFound(FarmError):
    """No such job, node or frame."""


class NotAllowed(FarmError):
    """The token is missing, unknown, ended or revoked, or not for this."""


class Conflict(FarmError):
    """The farm's present state forbids it; look again before repeating."""


class IllegalTransition(Conflict):
    """The transition table has no such move."""


class LeaseLost(Conflict):
    """The lease is not ours any more; stop working on it."""


class UploadElsewhere(Conflict):
    """The same file comes in by another connection; ask again in a moment."""


class WrongOffset(Conflict):
    """The farm holds another part of the file than the sender thinks; ask which."""


class NodeSuperseded(Conflict):
    """A newer worker has registered under this node's name."""


class NodeUnfit(FarmError):
    """The node cannot render, whatever the task: no Blender, no disk space, no shared folder.

    The task is not to blame; another node may well render it.
    """


class NotLeader(FarmError):
    """Another scheduler leads; this one must not decide."""


class StorageFull(FarmError):
    """There is no room for more files; what has come so far is kept."""


class StoreUnavailable(FarmError):
    """The store cannot be reached; the same call may be repeated."""


class StoreUnfit(FarmError):
    """The store is too old, or set up in a way that loses work."""


class ServiceUnavailable(FarmError):
    """The farm's service cannot be reached; the same call may be repeated."""
