import { namedScript, script } from "../../src/script.ts";

/*
 * The scripts of the version before, as it sent them: a process that still runs it works on the same data. They are kept as
 * they were, whatever the store does now.
 */

const CLOCK = `
local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000), time[1] * 1000000 + time[2]
end`;

const COUNT = `
local function count(text)
  local number = text and string.find(text, '^%d+$') and tonumber(text)
  return number and number < 9007199254740991 and number
end`;

const NEXT_TOKEN = `
local function next_token(key, least)
  local _, microseconds = clock()
  local last = count(redis.call('HGET', key, 'last')) or 0
  return math.max(last + 1, least + 1, microseconds)
end`;

const IS_WHOLE = `
local function is_whole(seq, first)
  return seq and first and redis.call('LLEN', KEYS[2]) == seq - first + 1
end`;

export const HEAD = script(`
local head = redis.pcall('HGETALL', KEYS[1])
if head.err and string.find(head.err, 'WRONGTYPE', 1, true) then return { 'wrongtype', '' } end
return head`);

export const RESERVE = script(`${CLOCK}${COUNT}${NEXT_TOKEN}
local head = redis.call('HGETALL', KEYS[1])
if #head > 0 then return { 'exists', head } end
local token = next_token(KEYS[2], 0)
redis.call('HSET', KEYS[2], 'last', token)
return { 'reserved', string.format('%.0f', token), string.format('%.0f', (clock())) }`);

export const CREATE = namedScript(
  ["token", "record", "endedTtlMs"],
  `${COUNT}
local head = redis.call('HGETALL', KEYS[1])
if #head > 0 then return { 'exists', head } end
local counter = redis.call('HMGET', KEYS[3], 'void', 'last')
if (count(counter[1]) or 0) >= tonumber(token) then return { 'void' } end
redis.call('HSET', KEYS[1], unpack(ARGV, rest))
redis.call('DEL', KEYS[2])
redis.call('RPUSH', KEYS[2], record)
if (count(counter[2]) or 0) < tonumber(token) then redis.call('HSET', KEYS[3], 'last', token) end
if endedTtlMs ~= '' then
  redis.call('PEXPIRE', KEYS[1], endedTtlMs)
  redis.call('PEXPIRE', KEYS[2], endedTtlMs)
end
return { 'created' }`,
);

export const CLAIM = namedScript(
  ["claimId", "owner", "leaseMs", "force", "prepared"],
  `${CLOCK}${COUNT}${NEXT_TOKEN}${IS_WHOLE}
local h = redis.call('HMGET', KEYS[1], 'status', 'token', 'version', 'claimId', 'leaseUntil', 'entry', 'wake', 'seq',
  'firstSeq')
local status = h[1]
if h[4] == claimId then return { 'claimed', redis.call('HGETALL', KEYS[1]) } end
local now = clock()
local listed = false
for i = rest, #ARGV do listed = listed or ARGV[i] == status end
if not listed or (status == 'running' and force == '' and (count(h[5]) or 0) > now) then
  return { 'refused', redis.call('HGETALL', KEYS[1]), string.format('%.0f', now) }
end
local last = count(h[2])
if not (last and count(h[3]) and is_whole(count(h[8]), count(h[9]))) then
  return { 'damaged', redis.call('HGETALL', KEYS[1]) }
end
local stamp = h[2] .. '.' .. h[3]
if prepared ~= stamp then return { 'prepare', redis.call('HGETALL', KEYS[1]), stamp } end
local token = next_token(KEYS[3], last)
local entry = h[6]
if status ~= 'running' then entry = stamp end
redis.call('HSET', KEYS[1], 'status', 'running', 'token', token, 'owner', owner, 'leaseUntil', now + leaseMs,
  'updatedAt', now, 'claimId', claimId, 'entry', entry)
redis.call('HDEL', KEYS[1], 'wakeAt', 'wake', 'failure', 'endedAt')
redis.call('HSET', KEYS[3], 'last', token)
redis.call('PERSIST', KEYS[1])
redis.call('PERSIST', KEYS[2])
return { 'claimed', redis.call('HGETALL', KEYS[1]), status, h[6], h[7] or '' }`,
);

export const COMMIT = namedScript(
  [
    ...(["commitId", "token", "version", "record", "kind", "leaseMs", "dropBefore", "status", "wake"] as const),
    ...(["endedAt", "prepared", "endedTtlMs", "removed"] as const),
  ],
  `
local h = redis.call('HMGET', KEYS[1], 'status', 'token', 'version', 'commitId', 'seq', 'firstSeq', 'checkpointsCount',
  'createdAt', 'entry', 'wake')
local before = h[1]
if h[4] == commitId then return { 'done' } end
if h[2] ~= token or (before ~= 'running' and before ~= 'pending') or h[3] ~= version then
  return { 'refused', redis.call('HGETALL', KEYS[1]) }
end
local seq, first, checkpoints, largest = tonumber(h[5]), tonumber(h[6]), tonumber(h[7]), 9007199254740991
-- What is computed with can be raised, and counts the records that there are.
if not (seq and first and checkpoints and h[8]) or redis.call('LLEN', KEYS[2]) ~= seq - first + 1
  or first < 0 or checkpoints < 0 or checkpoints % 1 ~= 0 or checkpoints >= largest or tonumber(version) >= largest then
  return { 'damaged', redis.call('HGETALL', KEYS[1]) }
end
local added = record ~= ''
local drop = tonumber(dropBefore)
if drop and not (added and drop == seq + 1 and kind == 'snapshot') then
  local snapshot = drop >= first and drop <= seq and redis.call('LINDEX', KEYS[2], drop - first)
  if not snapshot or string.sub(snapshot, 1, 18) ~= '{"kind":"snapshot"' then return { 'no-snapshot' } end
end
local changes = status ~= '' and status ~= before
-- An entry that the head names serves for another wakeAt, too.
local wakes = wake == 'set' and not h[10]
if (changes or wakes) and prepared ~= h[8] then
  return { 'index', h[8], changes and 'status' or '', wakes and 'wake' or '' }
end
local after = changes and status or before
local ended = after == 'completed' or after == 'failed' or after == 'cancelled'
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local stamp = token .. '.' .. version
local set = { 'version', version + 1, 'updatedAt', now, 'commitId', commitId }
local n = 6
local function put(field, value)
  set[n + 1], set[n + 2] = field, value
  n = n + 2
end
if added then
  put('seq', seq + 1)
  if kind ~= 'save' then put('checkpointsCount', checkpoints + 1) end
  if kind == 'snapshot' then put('snapshotSeq', seq + 1) end
end
if drop and drop > first then put('firstSeq', drop) end
if changes then
  put('status', after)
  put('entry', stamp)
end
if wakes then put('wake', stamp) end
if ended then put('endedAt', math.min(tonumber(endedAt) or now, now)) end
if leaseMs ~= '' and after == 'running' then put('leaseUntil', now + leaseMs) end
for i = rest + removed, #ARGV do
  n = n + 1
  set[n] = ARGV[i]
end
redis.call('HSET', KEYS[1], unpack(set))
if removed ~= '0' then redis.call('HDEL', KEYS[1], unpack(ARGV, rest, rest + removed - 1)) end
if after ~= 'running' then redis.call('HDEL', KEYS[1], 'owner', 'leaseUntil') end
if added then redis.call('RPUSH', KEYS[2], record) end
if drop and drop > first then redis.call('LTRIM', KEYS[2], drop - first, -1) end
if ended and endedTtlMs ~= '' then
  redis.call('PEXPIRE', KEYS[1], endedTtlMs)
  redis.call('PEXPIRE', KEYS[2], endedTtlMs)
end
local woken = wake == 'clear' and h[10]
if changes or woken then return { 'changed', changes and before or '', h[9] or '', woken or '' } end
return { 'done' }`,
);

export const DELETE = namedScript(
  ["version", "token"],
  `${COUNT}
local function read(key, ...)
  local found = redis.pcall('HMGET', key, ...)
  return found.err and string.find(found.err, 'WRONGTYPE', 1, true) and {} or found
end
local h = read(KEYS[1], 'version', 'token', 'born', 'entry', 'status', 'workflowId', 'userId', 'parentId', 'wake')
if h.err then return h end
if (version ~= '' and h[1] ~= version) or (token ~= '' and h[2] ~= token) then return { 'left' } end
local tokens = read(KEYS[3], 'void', 'last')
if tokens.err then return tokens end
-- First what a server without memory allows: it lets a script finish that has begun to write.
local found = redis.call('UNLINK', KEYS[1])
redis.call('UNLINK', KEYS[2])
if found == 0 then return { 'left' } end
-- Of a token that cannot be read only this is known: the counter has given it out.
local spent = count(h[2]) or count(tokens[2]) or 0
if (count(tokens[1]) or 0) < spent then redis.pcall('HSET', KEYS[3], 'void', string.format('%.0f', spent)) end
local answer = { 'deleted' }
for i = 3, 9 do answer[i - 1] = h[i] or '' end
return answer`,
);

export const VOID = script(`${COUNT}
if redis.call('HGET', KEYS[1], 'born') == ARGV[1] then return 0 end
if (count(redis.call('HGET', KEYS[2], 'void')) or 0) < tonumber(ARGV[1]) then
  redis.call('HSET', KEYS[2], 'void', ARGV[1])
end
return 1`);

export const INDEX_ADD = script(`
for i = 1, #KEYS do redis.call('ZADD', KEYS[i], ARGV[1], ARGV[2]) end
return #KEYS`);

export const INDEX_REMOVE = script(`
for i = 1, #KEYS do redis.call('ZREM', KEYS[i], ARGV[i]) end
return #KEYS`);

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
