"""`llmbench`: the terminal face, and what runs the whole stack on one machine.

    main ──> commands ──> client (the API over HTTP), stack (the processes)
                    ├──> plan    what is asked
                    ├──> live    a benchmark while it runs
                    └──> report  what came of it, gates, the exit code

`main` lists the commands, `exits` names their codes. `terminal` is what they share,
`show` how they draw.
"""
