"""Commands about this machine: what runs on it, how well it measures, what it lacks.

May import: `shared`, `cli.client`, `cli.exits`, `cli.live`, `cli.show`, `cli.stack`,
`cli.terminal`.
"""
