"""What the API and the workers both speak: plans, runs, rows, meaning, the store."""
