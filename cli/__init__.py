"""`llmbench`: the terminal face, and what runs the whole stack on one machine.

    main ──> commands ──> client (the API over HTTP), stack (the processes)

`main` lists the commands. `terminal` is what they share, `show` how they draw.
"""
