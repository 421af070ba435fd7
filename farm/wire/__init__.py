"""HTTP to the farm's service, for everything that is not the service itself."""

from farm.wire.files import FileWire
from farm.wire.link import Answer, Wire, error_of

__all__ = ["Answer", "FileWire", "Wire", "error_of"]
