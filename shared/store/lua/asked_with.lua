-- Calls of a run are made with this key. Of a run that is gone nothing is kept; with one
-- that has ended it goes when that goes.
-- KEYS run, keys   ARGV a print of the key   -> 1 kept | 0 there is no such run
if not redis.call('HGET', KEYS[1], 'status') then return 0 end
redis.call('SADD', KEYS[2], ARGV[1])
local left_ms = redis.call('PTTL', KEYS[1])
if left_ms > 0 then redis.call('PEXPIRE', KEYS[2], left_ms) end
return 1
