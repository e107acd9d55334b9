"""Commands about this machine: what runs on it, how well it measures, what it lacks.

May import: as the other commands.
"""
