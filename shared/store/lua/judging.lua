-- The judging of a run begins, or is over. It is over once, whoever says so; then the
-- reduce may begin.
-- KEYS run, events
-- ARGV 'begin', opinions to come | 'end', why ('' = all were asked), ending ('' = as
--      it is)
-- -> 1 done | 0 it is not judged now
local opinions = ARGV[1] == 'begin' and whole(ARGV[2])
if not opinions and (ARGV[1] ~= 'end' or not ARGV[3]) then error('no such way') end
local run = redis.call('HMGET', KEYS[1], 'status', 'judging')
if run[1] ~= 'reducing' or run[2] ~= 'due' then return 0 end
if opinions then
  redis.call('HSET', KEYS[1], 'to_judge', opinions)
  -- what the targets have left of the budget is the judge's
  redis.call('HDEL', KEYS[1], 'broke')
else
  redis.call('HSET', KEYS[1], 'judging', 'over', 'unjudged', ARGV[2])
  if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'ending', ARGV[3]) end
end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', 1000, '*', 'kind', 'progress')
return 1
