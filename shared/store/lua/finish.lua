-- The reduce is published: enter the terminal state, once, and let the keys expire.
-- KEYS run, events, open, counts, every other key of the run ...
-- ARGV job_id, to, keep_ms, result
-- -> 1 entered | 0 not in `reducing` (done before, or by another)
local keep_ms = whole(ARGV[3])
if redis.call('HGET', KEYS[1], 'status') ~= 'reducing' then return 0 end
redis.call('HSET', KEYS[1], 'status', ARGV[2], 'ended_ms', now, 'result', ARGV[4])
redis.call('XADD', KEYS[2], 'MAXLEN', '~', 1000, '*', 'kind', 'state',
           'status', ARGV[2])
redis.call('ZREM', KEYS[3], ARGV[1])
plus(KEYS[4], 'ended:' .. ARGV[2], 1)
for i, key in ipairs(KEYS) do
  if i ~= 3 and i ~= 4 then redis.call('PEXPIRE', key, keep_ms) end
end
return 1
