"""Of whom: the upstream's catalogue, its account page, its bills, its prices.

`contact` finds out who is asked, and has all upstreams by name; `connect` makes
the client that asks, over the timed wire.

May import: the machinery, `plan`, `opinion`, `wire`, `answer`, `money`, `store`.
"""

from shared.upstream.account import Account, KeyRefused, read_account
from shared.upstream.catalogue import Catalogue, near_matches, select
from shared.upstream.connect import client_of, dialect_of, wire_of
from shared.upstream.contact import Contact, Contacts, check_upstreams
from shared.upstream.endpoint import Endpoint
from shared.upstream.generation import read_generation
from shared.upstream.listed import ListedProvider, Provider
from shared.upstream.model import Model, fits, least_tokens
from shared.upstream.prices import prices_of

__all__ = [
    "Account",
    "Catalogue",
    "Contact",
    "Contacts",
    "Endpoint",
    "KeyRefused",
    "ListedProvider",
    "Model",
    "Provider",
    "check_upstreams",
    "client_of",
    "dialect_of",
    "fits",
    "least_tokens",
    "near_matches",
    "prices_of",
    "read_account",
    "read_generation",
    "select",
    "wire_of",
]
