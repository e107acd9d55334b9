"""What all workers know together of an upstream and its account.

`limits` of calls, `money` that is held and the `pace` of an adaptive load are asked
before a call; `means` and `wordings` are what was learnt from earlier calls.

May import: `shared.store`.
"""
