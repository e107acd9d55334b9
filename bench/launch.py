"""Run a peer's benchmark module without the engine around it.

Run by the peer's own Python: `python launch.py MODULE [ARGUMENTS]`. The benchmarks of
vllm and sglang import parts of their engines, and those import CUDA; nothing of that
does any work in a benchmark over HTTP. Whatever they import of the engine is an empty
module here, with the few functions in it that are called.
"""

import argparse
import gc
import importlib.abc
import importlib.machinery
import importlib.util
import logging
import runpy
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

REAL = ("vllm.benchmarks", "sglang.benchmark", "sglang.srt.rust_extensions._bench")
ENGINES = ("vllm", "sglang")


class Empty(ModuleType):
    """A module in which every name is an empty class."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {"__init__": lambda self, *_, **__: None})


class Engine(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the parts of an engine, and makes them empty."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name.partition(".")[0] not in ENGINES or name.startswith(REAL):
            return None
        spec = importlib.machinery.ModuleSpec(name, self, is_package=True)
        if any(real.startswith(f"{name}.") for real in REAL):
            found = importlib.machinery.PathFinder.find_spec(name, path)
            spec.submodule_search_locations = (
                found.submodule_search_locations if found else []
            )
        return spec

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return Empty(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        for name, value in CALLED.get(module.__name__, {}).items():
            setattr(module, name, value)


def _tokenizer(name: str, *_: object, **__: object) -> Any:
    from transformers import AutoTokenizer  # type: ignore[import-not-found]

    return AutoTokenizer.from_pretrained(name)


def _host_port(host: str, port: int) -> str:
    return f"{host}:{port}"


CALLED: dict[str, dict[str, Any]] = {
    "vllm.tokenizers": {"get_tokenizer": _tokenizer},
    "vllm.logger": {"init_logger": logging.getLogger},
    "vllm.utils.argparse_utils": {"FlexibleArgumentParser": argparse.ArgumentParser},
    "vllm.utils.gc_utils": {"freeze_gc_heap": gc.freeze},
    "vllm.utils.network_utils": {"join_host_port": _host_port},
    "vllm.utils.mistral": {"is_mistral_tokenizer": lambda _: False},
    "sglang.srt.rust_extensions": {"load_rust_extension": importlib.import_module},
    "sglang.srt.utils.network": {
        "resolve_base_url": lambda base_url, *_: base_url,
        "resolve_host_port": lambda base_url, *_: base_url,
    },
    "sglang.srt.utils.hf_transformers_utils": {"get_tokenizer": _tokenizer},
}


def main() -> None:
    """Become the module."""
    sys.meta_path.insert(0, Engine())
    module, *arguments = sys.argv[1:]
    sys.argv = [module, *arguments]
    if module == "vllm":  # its command is a subcommand of the engine's
        import asyncio

        serve: Any = importlib.import_module("vllm.benchmarks.serve")
        parser = argparse.ArgumentParser()
        serve.add_cli_args(parser)
        asyncio.run(serve.main_async(parser.parse_args(arguments)))
    else:
        runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
