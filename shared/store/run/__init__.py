"""What the store has of one run, from its making to its end.

`runs` makes and reads it, `states` moves it on; workers share it by `leases` and
`slots`; `samples` are its rows and what was observed, `events` tell of changes;
`outages` and `dialects` are what its workers agree on; `reruns`, `reduces` and
`reconciles` come after.

May import: `shared.store`, `shared.store.upstream`.
"""
