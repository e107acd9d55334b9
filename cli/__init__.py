"""`llmbench`: the terminal face, and what runs the whole stack on one machine.

    main ──> commands ──> plan (what is asked), stack (who is asked), client (HTTP)
                     └──> live (while it runs), report (what came of it)

`main` lists the commands, `exits` their exit codes. `terminal` is what they share,
`show` how they draw, `times` are moments as people type them, `refusal` what the API
does not do, `ids` what people type of an id, `preflight` one call to each
target before a run, `quote` what it would cost. `pipes` is output that nobody reads.
"""
