-- include _silent _rest
-- Walk from one state to another, if the way is legal.
-- KEYS run, events, the run's step   ARGV to, "from from ...", field, value, ...
-- -> {1 moved | 0 not from there | -1 no such run, the state before}
local status = redis.call('HGET', KEYS[1], 'status')
if not status then return {-1, ''} end
local legal = false
for from in string.gmatch(ARGV[2], '%S+') do
  if from == status then legal = true end
end
if not legal then return {0, status} end
-- A rest begins with the pause or the wait, and ends when a worker begins a segment
-- (`ready.lua`, `claim.lua`), or here with the run.
if ARGV[1] == 'paused' or ARGV[1] == 'waiting' then
  redis.call('HSET', KEYS[1], 'rest_ms', now)
elseif ARGV[1] == 'reducing' and status ~= 'running' then
  plus(KEYS[1], 'gap_ms', rested(KEYS[1], KEYS[3]))
end
local fields = {'status', ARGV[1]}
for i = 3, #ARGV do fields[#fields + 1] = ARGV[i] end
redis.call('HSET', KEYS[1], unpack(fields))
if ARGV[1] == 'reducing' then count_silent(KEYS[1], KEYS[3]) end
if ARGV[1] ~= 'waiting' then redis.call('HDEL', KEYS[1], 'until_ms', 'down') end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', 1000, '*', 'kind', 'state',
           'status', ARGV[1])
return {1, status}
