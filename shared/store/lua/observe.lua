-- Add what a worker observed of itself. Of a run that is gone nothing is kept; with one
-- that has ended it goes when that goes.
-- KEYS run, seen   ARGV what it observed
-- -> 1 kept | 0 there is no such run
if not redis.call('HGET', KEYS[1], 'status') then return 0 end
if redis.call('LINDEX', KEYS[2], -1) ~= ARGV[1] then  -- no repeated command
  redis.call('RPUSH', KEYS[2], ARGV[1])
end
local left_ms = redis.call('PTTL', KEYS[1])
if left_ms > 0 then redis.call('PEXPIRE', KEYS[2], left_ms) end
return 1
