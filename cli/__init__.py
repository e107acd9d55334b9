"""`llmbench`: the terminal face, and what runs the whole stack on one machine."""
