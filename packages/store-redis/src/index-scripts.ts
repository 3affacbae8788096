import { script } from "./script.ts";

/*
 * Index entries: sorted sets with a time as score and id, U+0000, stamp as member. The time is that of the creation or,
 * in the indexes of what is due and of leases, a lower bound of `wakeAt` or `leaseUntil`.
 */

/** Adds entries. ARGV: the member and, for each key, a score. Of two scores the lower one stays. */
export const INDEX_ADD = script(`
for i = 1, #KEYS do redis.call('ZADD', KEYS[i], 'LT', ARGV[i + 1], ARGV[1]) end
return #KEYS`);

/** Raises bounds. KEYS: the index. ARGV: members and scores in turn. A member that is gone is not added again. */
export const INDEX_RAISE = script(`
for i = 1, #ARGV, 2 do redis.call('ZADD', KEYS[1], 'XX', 'GT', ARGV[i + 1], ARGV[i]) end
return #ARGV / 2`);

/**
 * Returns the time if an index (KEYS[1]) may lack entries that an older one (KEYS[2]) has, or else ''. KEYS[3]: a
 * sorted set of the times at which indexes were completed. ARGV: the name of the index, and milliseconds between two
 * searches.
 */
export const INDEX_IS_INCOMPLETE = script(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last = redis.call('ZSCORE', KEYS[3], ARGV[1])
local lacks = redis.call('ZCARD', KEYS[2]) > redis.call('ZCARD', KEYS[1])
if not lacks and last and now - last < tonumber(ARGV[2]) then return '' end
return string.format('%.0f', now)`);

/**
 * Takes one step of a walk through an older index (KEYS[2]): adds the entries that an index (KEYS[1]) lacks, with the
 * lowest bound. KEYS[3] as above. ARGV: the name of the index, the time at which the walk began, the cursor. Returns
 * the next cursor, which is "0" at the end.
 */
export const INDEX_COMPLETE = script(`
local step = redis.call('ZSCAN', KEYS[2], ARGV[3], 'COUNT', 1000)
for i = 1, #step[2], 2 do redis.call('ZADD', KEYS[1], 'NX', 0, step[2][i]) end
if step[1] == '0' then redis.call('ZADD', KEYS[3], ARGV[2], ARGV[1]) end
return step[1]`);

/** Notes the time at which a definition is saved. KEYS: the index. ARGV: the name of its key. */
export const DEFINITION_SAVED = script(`
local time = redis.call('TIME')
return redis.call('ZADD', KEYS[1], time[1] * 1000 + math.floor(time[2] / 1000), ARGV[1])`);

/** Returns the time that was `ARGV[1]` milliseconds ago, and the definitions that were last saved before it. */
export const DEFINITIONS_SAVED_BEFORE = script(`
local time = redis.call('TIME')
local before = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000) - ARGV[1])
return { before, redis.call('ZRANGE', KEYS[1], '-inf', before, 'BYSCORE') }`);

/** Removes a definition from the index unless it was saved after a time. ARGV: its name, the time. */
export const DEFINITION_FORGET = script(`
local saved = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not saved or tonumber(saved) > tonumber(ARGV[2]) then return 0 end
return redis.call('ZREM', KEYS[1], ARGV[1])`);

/** Removes entries. ARGV: a member for each key. */
export const INDEX_REMOVE = script(`
for i = 1, #KEYS do redis.call('ZREM', KEYS[i], ARGV[i]) end
return #KEYS`);

/** Returns the number of entries of each key. */
export const INDEX_SIZES = script(`
local sizes = {}
for i = 1, #KEYS do sizes[i] = redis.call('ZCARD', KEYS[i]) end
return sizes`);

/**
 * Reads the next entries of each key, at one instant.
 *
 * ARGV: 'asc' or 'desc', the number of entries, the position after which to begin (time or '', id), and an upper bound
 * of the time ('' or 'now'). Returns the time and, for each key, members and scores. Strings are compared by their
 * bytes, because Lua's own order is the locale's.
 */
export const INDEX_PAGE = script(`
-- Whether it is as this store makes it: a whole time, an id in sound UTF-8 and a stamp. What else is there is passed over.
local function is_entry(member, score)
  if not string.find(score, '^%d+$') then return false end
  if not (string.find(member, '^%Z+%z%d+$') or string.find(member, '^%Z+%z%d+%.%d+$')) then return false end
  if not string.find(member, '[\\128-\\255]') then return true end
  local text = string.gsub(member, '[\\194-\\223][\\128-\\191]', ' ')
  text = string.gsub(text, '\\224[\\160-\\191][\\128-\\191]', ' ')
  text = string.gsub(text, '\\237[\\128-\\159][\\128-\\191]', ' ')
  text = string.gsub(text, '[\\225-\\236\\238\\239][\\128-\\191][\\128-\\191]', ' ')
  text = string.gsub(text, '\\240[\\144-\\191][\\128-\\191][\\128-\\191]', ' ')
  text = string.gsub(text, '[\\241-\\243][\\128-\\191][\\128-\\191][\\128-\\191]', ' ')
  text = string.gsub(text, '\\244[\\128-\\143][\\128-\\191][\\128-\\191]', ' ')
  return not string.find(text, '[\\128-\\255]')
end
local ascending, limit, after, after_id = ARGV[1] == 'asc', tonumber(ARGV[2]), ARGV[3], ARGV[4]
local function is_after(member)
  local length = string.find(member, '\\0', 1, true) - 1
  for i = 1, math.min(length, #after_id) do
    local a, b = string.byte(member, i), string.byte(after_id, i)
    if a ~= b then return (a > b) == ascending end
  end
  if length == #after_id then return false end
  return (length > #after_id) == ascending
end
local low, high = '0', '8640000000000000'
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
if ARGV[5] == 'now' then high = now
elseif ARGV[5] ~= '' then high = '(' .. ARGV[5] end
if after ~= '' then
  if ascending then low = after
  elseif ARGV[5] == '' or tonumber(after) < tonumber(ARGV[5]) then high = after end
end
local result = { now }
for k = 1, #KEYS do
  local found, count, offset = {}, 0, 0
  repeat
    local page
    if ascending then
      page = redis.call('ZRANGE', KEYS[k], low, high, 'BYSCORE', 'LIMIT', offset, limit, 'WITHSCORES')
    else
      page = redis.call('ZRANGE', KEYS[k], high, low, 'BYSCORE', 'REV', 'LIMIT', offset, limit, 'WITHSCORES')
    end
    for i = 1, #page, 2 do
      if count < limit and is_entry(page[i], page[i + 1]) and (page[i + 1] ~= after or is_after(page[i])) then
        count = count + 1
        found[2 * count - 1], found[2 * count] = page[i], page[i + 1]
      end
    end
    offset = offset + limit
  until count == limit or #page < 2 * limit
  result[k + 1] = found
end
return result`);
