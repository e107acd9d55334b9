"""Who asks, and what that one may see."""

from dataclasses import dataclass

from shared.access.token import SCOPES, Scope, Token


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever a request comes from."""

    scopes: frozenset[Scope]
    token: Token | None = None
    """None: nobody needs one, since the server is open."""
    only: str | None = None
    """The one benchmark that a shared link shows; None: no link."""

    @property
    def owner(self) -> str | None:
        """To whom belongs what it makes: its token's id; None: to nobody."""
        return None if self.token is None else self.token.id

    @property
    def sees_all(self) -> bool:
        """Whether benchmarks of everybody are shown to it."""
        return self.only is None and (self.token is None or self.may(Scope.ADMIN))

    def may(self, scope: Scope) -> bool:
        """Whether it has this scope; admin has all of them."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def sees(self, job_id: str, owner: str | None) -> bool:
        """Whether a benchmark of this owner is shown to it."""
        if self.only is not None:
            return job_id == self.only
        return self.sees_all or (owner is not None and owner == self.owner)


ANYBODY = Caller(frozenset(SCOPES))
"""Who asks an open server."""
