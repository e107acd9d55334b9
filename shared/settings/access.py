"""Settings of who may ask the API (docs/access.md)."""

from typing import Annotated

from pydantic import field_validator
from pydantic_settings import BaseSettings, NoDecode


class AccessSettings(BaseSettings):
    """A part of `Settings`."""

    allow_open: bool = False
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    forwarded_allow_ips: str = "127.0.0.1"
    root_path: str = ""

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _names(cls, value: object) -> object:
        if isinstance(value, str):
            parts = (part.strip().lower() for part in value.split(","))
            return tuple(part for part in parts if part)
        return value

    @field_validator("root_path")
    @classmethod
    def _begins_with_a_slash(cls, value: str) -> str:
        value = value.rstrip("/")
        if value and not value.startswith("/"):
            raise ValueError(f"{value!r} is no path; write /{value}")
        return value
