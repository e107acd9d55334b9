"""Commands over benchmarks that are there, each in a module of its own.

May import: `shared`, `cli.client`, `cli.exits`, `cli.ids`, `cli.live`, `cli.report`,
`cli.show`, `cli.terminal`, `cli.times`.
"""
