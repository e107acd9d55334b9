-- Forget a run that has ended. That it was purged is known for keep_ms, so that rows
-- which a worker finds on its disk later are deleted, too, and not kept for a person.
-- KEYS run, runs, open, reconcile, purged, idempotency key, every other key of the run ...
-- ARGV job_id, keep_ms
-- -> its state, where it has not ended | 'purged' | 'gone': it was not there
local keep_ms = whole(ARGV[2])
local status = redis.call('HGET', KEYS[1], 'status')
if status and status ~= 'done' and status ~= 'cancelled' and status ~= 'failed' then
  return status
end
for i = 2, 4 do redis.call('ZREM', KEYS[i], ARGV[1]) end
redis.call('ZREMRANGEBYSCORE', KEYS[5], '-inf', now - keep_ms)
redis.call('ZADD', KEYS[5], now, ARGV[1])
redis.call('PEXPIRE', KEYS[5], keep_ms)
redis.call('UNLINK', KEYS[1])
-- a key that was used again after its day makes another run
if redis.call('HGET', KEYS[6], 'job_id') == ARGV[1] then
  redis.call('UNLINK', KEYS[6])
end
for i = 7, #KEYS do redis.call('UNLINK', KEYS[i]) end
return status and 'purged' or 'gone'
