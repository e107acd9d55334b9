"""Who can reach a server, and whether it may be open to those."""

from ipaddress import ip_address

from shared.access import is_closed
from shared.errors import Misconfigured
from shared.settings import Settings
from shared.store.access import tokens
from shared.store.client import AWAY


def is_loopback(host: str) -> bool:
    """Whether what listens there is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_closed(host: str, settings: Settings) -> None:
    """Raises Misconfigured for a server that others can reach, that no token was made
    for, and that nobody has allowed to be open."""
    if is_loopback(host) or settings.allow_open or is_closed(settings.results_dir):
        return
    if settings.redis_url is not None:
        try:
            if tokens.number(settings.redis_url):
                return
        except AWAY:  # it says 403 to others until it knows better
            return
    raise Misconfigured(
        f"HOST={host} lets other machines in, and no token was made yet: whoever comes"
        " could spend your key. Make one first: llmbench token create --name me --scope"
        " admin. Or keep to HOST=127.0.0.1; or set ALLOW_OPEN=1 where whoever reaches"
        " it may use it."
    )
