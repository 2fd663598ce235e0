"""What the platform may reach: the public internet, and what the operator allows by name.

Every host that someone else named (in a location, a redirect, a web hook) passes `check_host` right before the connection,
and the connection is made to the addresses that it checked. The cloud's metadata services are never reached. The client
for HTTP is `resources.egress.client.guarded_client`; it is not imported here, since it loads httpx.
"""

from resources.egress.hosts import EgressRefused, check_host

__all__ = ["EgressRefused", "check_host"]
