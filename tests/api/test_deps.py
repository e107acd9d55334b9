"""What endpoints are handed costs no thread."""

import sys
from inspect import iscoroutinefunction
from typing import Annotated, get_args, get_origin

from fastapi.params import Depends

import api.main


def test_no_request_goes_to_a_thread_for_what_it_is_handed() -> None:
    asked = {
        each.dependency
        for name, module in [*sys.modules.items()]
        if name == "api" or name.startswith("api.")
        for value in vars(module).values()
        if get_origin(value) is Annotated
        for each in get_args(value)
        if isinstance(each, Depends)
    }
    asked.add(api.main.known_query)
    assert len(asked) > 4
    assert {call for call in asked if not iscoroutinefunction(call)} == set()
