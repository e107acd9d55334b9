-- Leave for one call to try whether those that are down are back: one at a time, over
-- all workers. Asked twice with one id it is the same leave.
-- KEYS run's outages   ARGV call id, longest call in ms, name, name ...
-- -> {1, names that are not down (any more) ...} | {0, ask again at ms, name}
local call_ms = whole(ARGV[2])
local up, down = {1}, {}
for i = 3, #ARGV do
  local name = ARGV[i]
  local d = redis.call('HMGET', KEYS[1], name .. ':since', name .. ':until',
                       name .. ':probe', name .. ':probe_ms')
  if not d[1] then
    up[#up + 1] = name
  else
    if tonumber(d[2]) > now then return {0, tonumber(d[2]), name} end
    if d[3] and d[3] ~= ARGV[1] and tonumber(d[4]) > now then
      return {0, now + 250, name}
    end
    down[#down + 1] = name
  end
end
for _, name in ipairs(down) do
  redis.call('HSET', KEYS[1], name .. ':probe', ARGV[1], name .. ':probe_ms',
             now + call_ms)
end
return up
