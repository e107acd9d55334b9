-- Take the reduce of a run, so that one worker makes it and others make the next one.
-- Saves work and guards nothing: a reduce that is made twice gives the same files.
-- KEYS run, reduce, reduce_turns   ARGV ticket, lease_ms, submitter, keep_ms
-- -> 1 ours | 0 another has it, or there is nothing left to reduce
local status = redis.call('HGET', KEYS[1], 'status')
if not status or status == 'done' or status == 'cancelled' or status == 'failed' then
  return 0
end
if not redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then
  return redis.call('GET', KEYS[2]) == ARGV[1] and 1 or 0  -- a repeated command
end
redis.call('HSET', KEYS[3], ARGV[3], now)
redis.call('PEXPIRE', KEYS[3], ARGV[4])
return 1
