"""A worker that counts its asyncio tasks: `python -m tests.faults.counted`.

How many there are is in COUNT_FOLDER, under its process id, a moment old.
"""

import asyncio
import os
import sys
from pathlib import Path

from shared.settings.settings import Settings
from worker import main

_EVERY_S = 0.1
_serve = main.serve


async def serve(config: Settings) -> None:
    file = Path(os.environ["COUNT_FOLDER"]) / str(os.getpid())

    async def count() -> None:
        while True:
            file.with_suffix(".tmp").write_text(str(len(asyncio.all_tasks())))
            file.with_suffix(".tmp").replace(file)
            await asyncio.sleep(_EVERY_S)

    counting = asyncio.create_task(count())
    try:
        await _serve(config)
    finally:
        counting.cancel()


if __name__ == "__main__":
    main.serve = serve
    sys.exit(main.main())
