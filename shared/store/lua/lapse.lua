-- include _money
-- Holds that nobody settled in time, or with '+inf' all: perhaps billed.
-- KEYS run, holds, held, spend   ARGV '' or '+inf'
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
lapse(KEYS[1], KEYS[2], KEYS[3], KEYS[4], ARGV[1] == '' and now or ARGV[1])
return 1
