"""What all workers know together of an upstream and its account.

`limits` of calls and `money` that is held are asked before a call, at the `pace` of its
load; `means` and `wordings` are what earlier calls have taught.

May import: `shared.store`.
"""
