"""The commands, a file for each or for a family: its options, and what it does.

A new command is a function here and a line in `cli.main`.

May import: `shared`, and all of `cli` but `cli.main`: `cli.client`, `cli.exits`,
`cli.ids`, `cli.live`, `cli.plan`, `cli.preflight`, `cli.quote`, `cli.report`,
`cli.show`, `cli.stack`, `cli.terminal`.
"""
