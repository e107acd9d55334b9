-- Take the reduce of a run, so that one worker makes it and others make the next one.
-- A reduce that is made twice gives the same files, but judges that are asked twice are
-- paid twice: who holds it keeps it by `hold_reduce`, and stops where it is lost.
-- KEYS run, reduce, reduce_turns, the run's step
-- ARGV ticket, lease_ms, submitter, keep_ms, patient ('1' = its workers first)
-- -> 1 ours | 0 another has it, or there is nothing left to reduce
--    | 2 a worker has still to say what it observed of itself
local lease_ms, keep_ms = whole(ARGV[2], 1), whole(ARGV[4], 1)
local status = redis.call('HGET', KEYS[1], 'status')
if not status or status == 'done' or status == 'cancelled' or status == 'failed' then
  return 0
end
if ARGV[5] == '1' and status == 'reducing' then
  for j = 0, tonumber(redis.call('HGET', KEYS[4], 'shards') or '0') - 1 do
    local s = redis.call('HMGET', KEYS[4], 'owner:' .. j, 'exp:' .. j)
    if s[1] and tonumber(s[2] or '0') > now then return 2 end
  end
end
if not redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', lease_ms) then
  return redis.call('GET', KEYS[2]) == ARGV[1] and 1 or 0  -- a repeated command
end
redis.call('HSET', KEYS[3], ARGV[3], now)
redis.call('PEXPIRE', KEYS[3], keep_ms)
return 1
