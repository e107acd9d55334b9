"""Speed and accuracy, side by side with peers: `python -m bench` (or `make bench`)."""
