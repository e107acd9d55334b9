"""Redis: the meeting point of machines. Every multi-step change is one Lua script.

`client` is a connection and runs the scripts in `lua/`, `keys` names what is there;
`run/` is what the store has of one run, `upstream/` what all workers know of an
upstream. Whether the store can be used is asked by `fitness`, `durable` and `away`;
`embedded` is a store of our own.

May import: the machinery, `access`, `run`, `sample`, `baselines`, `settings`, `plan`,
`money`, `opinion`, `answer` for how models want to be asked, and `verdict` for a
self-test's record.

Keys (all begin with `llmbench:`; an ended run's keys expire together)

    runs                zset   every run known, by time of creation
    open                zset   the runs that have not ended
    workers             zset   worker name -> when last heard of, store ms
    selftest            string id of the self-test that waits for a worker
    selftest:ID         string its record, JSON; expires after a day
    selftest:on:HOST    string the worker that runs one on this machine; expires
    push                channel  `job_id` whose state a worker should look at now
    bars                channel `account until_ms name`: what has it rests until then;
                               `down:ID upstream`, `down:ID target I`: is down, 0: back
    born                string when this store's data began, store ms; for ever
    probe               made and deleted at once when a process looks at the store
    turns               hash   submitter -> when a run of theirs was last begun
    reduce_turns        hash   submitter -> when a reduce of theirs was last begun, ms
    means               hash   `MODEL calls`, `MODEL tokens`: of earlier answers
    retention           string somebody has swept the results lately
    reconcile           zset   runs to compare with their bills -> not before, store ms
    purged              zset   runs that were purged -> when, store ms
    tokens              hash   id -> a token without its secret, JSON; for ever
    signing_key         string signs sessions and shared links; for ever
    runs:OWNER          zset   the runs of one token, by time of creation
    baselines           hash   name -> the run that it stands for, JSON; for ever
    counts              hash   what is counted over all runs, for ever (`counts`)
    key:HASH            hash   an Idempotency-Key: the run it made, its body's hash
    limit:ACCOUNT:NAME:log    zset   its calls of the last minute (`limits`)
    limit:ACCOUNT:NAME:days   hash   UTC day -> calls; the daily cap that was told
    limit:ACCOUNT:NAME:flight zset   its open calls -> when they are over anyway
    limit:ACCOUNT:NAME:bar    string no call before this, store ms: the upstream said
    limit:ACCOUNT:target LABEL:bar  string the same of one target; and of `free calls`
                               or `paid calls`, where the account's limit counts none
    limit:ACCOUNT:NAME:told   string `GET /key` was asked lately
    measured:HASH       hash   `JOB STEP SHARD` that is measured on an upstream
    wordings:ACCOUNT    hash   model -> how it wants to be asked, JSON (`wordings`)
    spend:ACCOUNT       hash   DAY:spent, DAY:held, DAY:unaccounted, nano-USD (`money`)
    run:ID              hash   the record (`runs`)
    run:ID:plan         string the plan, JSON
    run:ID:events       stream `state` and `progress`, capped (`events`)
    run:ID:rows         list   one encoded Sample each (`samples`)
    run:ID:answers      list   one JSON object each
    run:ID:seen         list   what workers observed of themselves, JSON
    run:ID:finished     list   goodput of each step that is over, JSON, in order
    run:ID:reduce       string who reduces it now; saves work, guards nothing
    run:ID:holds        zset   call -> when its hold lapses, store ms (`money`)
    run:ID:held         hash   call -> what it may cost, and of which day
    run:ID:pace         hash   TARGET:rate and what it follows from (`pace`)
    run:ID:paces        list   [target, store ms, calls a minute from then], JSON
    run:ID:beside       set    runs that were measured on the same upstream meanwhile
    run:ID:keys         set    a print of each key that it was asked with
    run:ID:dialect      string which its calls speak: the first worker's finding
    run:ID:dialects     hash   the same of the upstreams that have a name, by that
    run:ID:down         hash   `upstream` or `target I`: since, until, tries (`outages`)
    run:ID:reconcile    string the worker that compares its bills; a lease
    run:ID:opinions     hash   STEP:SLOT:JUDGE -> what it said, JSON (`opinions`)
    run:ID:step:N       hash   the step, its shards and their leases (`leases`)
    run:ID:taken:N      hash   slot -> the shard that has it in hand
    run:ID:back:N       zset   slots to offer again -> not before, store ms
    run:ID:closed:N     bitmap slots that have their final row
    run:ID:attempts:N   hash   slot -> rows it has, where none of them is final;
                               slot:retries -> how many of these were to be retried

Redis Cluster is not supported: one script touches keys of different hash slots.
"""
