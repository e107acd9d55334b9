"""The endpoints, one file per subject. Thin: they ask `shared` and shape answers."""
