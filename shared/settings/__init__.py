"""Every setting, its default and its reason, checked when it is read.

`settings` is the record; `credentials` says what is wrong with a key or an address that
may hold a password, `address` what is wrong with a base URL and what to write instead;
`check` is one finding of a start.

`upstreams` reads the file that names further upstreams, `keys` a key's file; `called`
is what to tell people to change.

May import: `shared.errors`, `shared.near`, `shared.standards`.
"""

from shared.settings.of_upstream import OPENROUTER
from shared.settings.settings import Settings
from shared.settings.upstreams import DEFAULT

__all__ = ["DEFAULT", "OPENROUTER", "Settings"]
