-- Money in nano-USD, kept of a run (its record) and of an account's days (`spend`,
-- fields DAY:what). What a call may cost is `held` before it is sent; its row makes
-- that `spent`. What no row tells of is `unaccounted`: perhaps billed, so it counts.
-- `held` (hash): call -> 'worst day'; `holds` (zset): call -> when nobody settles it
-- any more. A call that is in the first alone has lapsed.
local today = math.floor(now / 86400000)

local function add(run, spend, day, what, nano)
  if nano == 0 then return end
  plus(run, what .. '_nano', nano)
  plus(spend, day .. ':' .. what, nano)
  -- forty days for whoever looks back
  redis.call('HDEL', spend, (today - 40) .. ':spent', (today - 40) .. ':unaccounted',
             (today - 40) .. ':held')
  redis.call('PEXPIRE', spend, 3456000000)
end

local function lapse(run, holds, held, spend, until_ms)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', holds, '-inf', until_ms)) do
    local hold = redis.call('HGET', held, id)
    redis.call('ZREM', holds, id)
    if hold then
      local worst, day = string.match(hold, '(%d+) (%d+)')
      add(run, spend, day, 'held', -worst)
      add(run, spend, day, 'unaccounted', tonumber(worst))
    end
  end
end

-- nano: what the row says, nil when it does not. in_row: whether a row holds it.
local function settle(run, holds, held, spend, id, nano, in_row)
  local hold = redis.call('HGET', held, id)
  if not hold then
    if nano and in_row then add(run, spend, today, 'spent', nano) end
    return
  end
  local worst, day = string.match(hold, '(%d+) (%d+)')
  redis.call('HDEL', held, id)
  local was = redis.call('ZREM', holds, id) == 1 and 'held' or 'unaccounted'
  add(run, spend, day, was, -worst)
  if nano and in_row then
    add(run, spend, day, 'spent', nano)
  else
    add(run, spend, day, 'unaccounted', nano or tonumber(worst))
  end
end
