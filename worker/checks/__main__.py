"""`python -m worker.checks`: see `serve`."""

from worker.checks.serve import main

if __name__ == "__main__":
    main()
