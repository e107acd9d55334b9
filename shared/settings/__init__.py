"""Every setting, its default and its reason, checked when it is read.

`settings` is the record; `credentials` says what is wrong with a key or an address that
may hold a password, `address` what is wrong with a base URL and what to write instead;
`check` is one finding of a start.

May import: `shared.errors`.
"""

from shared.settings.settings import OPENROUTER, Settings

__all__ = ["OPENROUTER", "Settings"]
