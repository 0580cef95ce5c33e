"""What the checks need from an array library: the protocol, the adapters of the known libraries, and finding others."""

from .adapter import Backend, BackendMissingError, Transform
from .find import GROUP, KNOWN, LIBRARIES, find, survey
from .gap import Gap

__all__ = ["GROUP", "KNOWN", "LIBRARIES", "Backend", "BackendMissingError", "Gap", "Transform", "find", "survey"]
