-- Why the last try to reduce failed. Only of a run that waits for its reduce: a record
-- that holds nothing else would be none.
-- KEYS run   ARGV error   -> 1 noted | 0 there is nothing to note it of
if redis.call('HGET', KEYS[1], 'status') ~= 'reducing' then return 0 end
redis.call('HSET', KEYS[1], 'reduce_error', ARGV[1])
return 1
