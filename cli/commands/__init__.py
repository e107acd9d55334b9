"""The commands, a file for each or for a family: its options, and what it does.

A new command is a function here and a line in `cli.main`.

May import: `shared`, `cli.client`, `cli.show`, `cli.terminal`, `cli.stack`.
"""
