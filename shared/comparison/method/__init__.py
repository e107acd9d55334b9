"""The mathematics of a comparison, which knows nothing of targets and runs.

`values` gives what calls come to, and the influence of each; `engine` how far that may
be off, and its p; `success` the same of shares; `band` of what is looked at again and
again; `alone` of one target by itself. Takes arrays, gives numbers. docs/statistics.md
has the formulas.

May import: numpy, scipy, and of `comparison` its records and looks.
"""
