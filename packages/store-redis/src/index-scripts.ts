import { script } from "./script.ts";

/* Index entries: sorted sets with the creation time as score and id, U+0000, stamp as member. */

/** ARGV: score, member. */
export const INDEX_ADD = script(`
for i = 1, #KEYS do redis.call('ZADD', KEYS[i], ARGV[1], ARGV[2]) end
return #KEYS`);

/** ARGV: a member for each key. */
export const INDEX_REMOVE = script(`
for i = 1, #KEYS do redis.call('ZREM', KEYS[i], ARGV[i]) end
return #KEYS`);

/** How many entries each key has. */
export const INDEX_SIZES = script(`
local sizes = {}
for i = 1, #KEYS do sizes[i] = redis.call('ZCARD', KEYS[i]) end
return sizes`);

/**
 * The next entries of each key, at one instant.
 *
 * ARGV: 'asc' or 'desc', how many, the position after which to begin (time or '', id), the time before which or ''.
 * Returns the time and, for each key, members and scores. Strings are compared by byte: Lua's own order is the locale's.
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
if ARGV[5] ~= '' then high = '(' .. ARGV[5] end
if after ~= '' then
  if ascending then low = after
  elseif ARGV[5] == '' or tonumber(after) < tonumber(ARGV[5]) then high = after end
end
local time = redis.call('TIME')
local result = { string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)) }
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
