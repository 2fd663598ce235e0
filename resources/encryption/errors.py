"""What can go wrong with encrypted bytes: the key is out of reach or gone for good, or they are not the ones stored."""

from resources.errors import RageError, ServiceUnavailable


class KeyUnavailable(ServiceUnavailable):
    """The key that wraps a space's keys is out of reach: withdrawn, lost, or its provider does not answer."""

    code = "key_unavailable"


class KeyDestroyed(RageError):
    """The keys of the space were destroyed; nobody can read its bytes again."""

    code = "key_destroyed"
    http_status = 410
    exit_status = 2


class Tampered(RageError):
    """Stored bytes are not those that were written, or not in their place. None of what follows was given out."""

    code = "tampered"
    http_status = 500
