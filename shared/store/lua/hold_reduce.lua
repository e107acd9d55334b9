-- Keep a run's reduce, or leave it: where it is still this ticket's. After a stall it
-- may be another's.
-- KEYS reduce   ARGV ticket, lease_ms ('' = leave it)
-- -> 1 done | 0 lost
local lease_ms = perhaps(ARGV[2], 1)
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if lease_ms then
  redis.call('PEXPIRE', KEYS[1], lease_ms)
else
  redis.call('DEL', KEYS[1])
end
return 1
