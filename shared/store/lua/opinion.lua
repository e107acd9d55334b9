-- include _money
-- What a judge said of an answer, and what that cost. The first opinion of each answer
-- and judge stays: a second one was made by a worker that had lost the run.
-- KEYS run, opinions, holds, held, spend, events
-- ARGV place, opinion, cost in nano-USD ('' = it does not say), its hold ('' = none)
-- -> 1 kept | 0 there is one, or the run is not judged any more
local cost = perhaps(ARGV[3], 0, math.huge)
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local kept = 0
if redis.call('HGET', KEYS[1], 'judging') == 'due' then
  kept = redis.call('HSETNX', KEYS[2], ARGV[1], ARGV[2])
end
if ARGV[4] ~= '' then
  settle(KEYS[1], KEYS[3], KEYS[4], KEYS[5], ARGV[4], cost, kept == 1)
elseif cost then
  add(KEYS[1], KEYS[5], today, kept == 1 and 'spent' or 'unaccounted', cost)
end
if kept == 1 then
  plus(KEYS[1], 'judged', 1)
  if now - tonumber(redis.call('HGET', KEYS[1], 'told_ms') or '0') >= 250 then
    redis.call('HSET', KEYS[1], 'told_ms', now)
    redis.call('XADD', KEYS[6], 'MAXLEN', '~', 1000, '*', 'kind', 'progress')
  end
end
return kept
