"""What arrives as a plan: bounded before it is read, and what is wrong with it told.

`json_bounds` counts the marks of JSON as it comes in, `lists` the items of a list
before each is looked at, `problems` gives a path and a sentence for each error.

May import: the machinery.
"""
