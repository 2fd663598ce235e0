"""Who acts, and what they may: callers, roles and the rules that narrow documents."""

from resources.access.caller import LOCAL_ADMIN, Caller, Role

__all__ = ["LOCAL_ADMIN", "Caller", "Role"]
