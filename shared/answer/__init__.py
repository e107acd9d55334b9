"""What came: the bytes of an exchange, read into a `Reply` with its outcome.

`dialects` build requests and know the upstreams' own words; classifying exists once, in
`reading`. Nothing that a stranger sends raises.

May import: the machinery, `sample`, `plan`, `wire`, and `analysis` for what a burst
is.
"""

from shared.answer.reading import StreamReader, has_token, read_exchange
from shared.answer.reply import Ask, Reply

__all__ = ["Ask", "Reply", "StreamReader", "has_token", "read_exchange"]
