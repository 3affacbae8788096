import { script } from "./script.ts";

/*
 * What decides about one execution. All keys of a script have one hash tag. Nothing that can fail follows a script's first
 * write. A refusal returns the head, so that the caller can say why with the rules that all stores share.
 *
 * Private fields of a head beside those of an ExecutionRecord:
 *   born       the token it was created under, which is the stamp of its entries in indexes that never change
 *   entry      the stamp of its entry in the index of its status
 *   wake       the stamp of its entry in the index of those that have a wakeAt; absent where it has none
 *   initialId  the id of the first checkpoint; claimId, commitId: those of the last claim and commit
 */

const CLOCK = `
local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000), time[1] * 1000000 + time[2]
end`;

// By the counter no token comes twice; by the clock also none that a server lost with its last writes.
const NEXT_TOKEN = `
local function next_token(key, least)
  local _, microseconds = clock()
  local last = tonumber(redis.call('HGET', key, 'last') or '0')
  return math.max(last + 1, least + 1, microseconds)
end`;

/** The head. Nothing where there is none. */
export const HEAD = script(`return redis.call('HGETALL', KEYS[1])`);

/** Takes a token for an execution that is to be made, and the time; or tells that the id is taken. */
export const RESERVE = script(`${CLOCK}${NEXT_TOKEN}
local head = redis.call('HGETALL', KEYS[1])
if #head > 0 then return { 'exists', head } end
local token = next_token(KEYS[2], 0)
redis.call('HSET', KEYS[2], 'last', token)
return { 'reserved', string.format('%.0f', token), string.format('%.0f', (clock())) }`);

/** Makes an execution under a reserved token. ARGV: token, record, milliseconds to live or '', fields and values. */
export const CREATE = script(`
local head = redis.call('HGETALL', KEYS[1])
if #head > 0 then return { 'exists', head } end
local counter = redis.call('HMGET', KEYS[3], 'void', 'last')
if tonumber(counter[1] or '0') >= tonumber(ARGV[1]) then return { 'void' } end
redis.call('HSET', KEYS[1], unpack(ARGV, 4))
redis.call('DEL', KEYS[2])
redis.call('RPUSH', KEYS[2], ARGV[2])
if tonumber(counter[2] or '0') < tonumber(ARGV[1]) then redis.call('HSET', KEYS[3], 'last', ARGV[1]) end
if ARGV[3] ~= '' then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  redis.call('PEXPIRE', KEYS[2], ARGV[3])
end
return { 'created' }`);

/**
 * ARGV: claimId, owner, leaseMs, '1' to force, the stamp of an index entry that was made for this claim or '', statuses.
 */
export const CLAIM = script(`${CLOCK}${NEXT_TOKEN}
local h = redis.call('HMGET', KEYS[1], 'status', 'token', 'version', 'claimId', 'leaseUntil', 'createdAt', 'entry',
  'wake')
local status = h[1]
if not status then return { 'missing' } end
if h[4] == ARGV[1] then return { 'claimed', redis.call('HGETALL', KEYS[1]) } end
local now = clock()
local listed = false
for i = 6, #ARGV do listed = listed or ARGV[i] == status end
if not listed or (status == 'running' and ARGV[4] ~= '1' and tonumber(h[5] or '0') > now) then
  return { 'refused', redis.call('HGETALL', KEYS[1]), string.format('%.0f', now) }
end
local stamp = h[2] .. '.' .. h[3]
if status ~= 'running' and ARGV[5] ~= stamp then return { 'index', h[6], stamp } end
local token = next_token(KEYS[3], tonumber(h[2]))
local entry = h[7]
if status ~= 'running' then entry = stamp end
redis.call('HSET', KEYS[1], 'status', 'running', 'token', token, 'owner', ARGV[2], 'leaseUntil', now + ARGV[3],
  'updatedAt', now, 'claimId', ARGV[1], 'entry', entry)
redis.call('HDEL', KEYS[1], 'wakeAt', 'wake', 'failure', 'endedAt')
redis.call('HSET', KEYS[3], 'last', token)
redis.call('PERSIST', KEYS[1])
redis.call('PERSIST', KEYS[2])
return { 'claimed', redis.call('HGETALL', KEYS[1]), status, h[7], h[8] or '' }`);

/**
 * ARGV: commitId, token, version, record or '', its kind, leaseMs or '', dropBefore or '', the new status or '',
 * the creation time with which index entries were made for this commit or '', milliseconds to live once ended or '',
 * whether wakeAt is 'set', 'clear'ed or neither '', how many fields to remove, those, fields and values to set.
 */
export const COMMIT = script(`${CLOCK}
local h = redis.call('HMGET', KEYS[1], 'status', 'token', 'version', 'commitId', 'seq', 'firstSeq', 'checkpointsCount',
  'createdAt', 'entry', 'wake')
local status = h[1]
if not status then return { 'missing' } end
if h[4] == ARGV[1] then return { 'done' } end
if h[2] ~= ARGV[2] or (status ~= 'running' and status ~= 'pending') or h[3] ~= ARGV[3] then
  return { 'refused', redis.call('HGETALL', KEYS[1]) }
end
local seq, first = tonumber(h[5]), tonumber(h[6])
local added = ARGV[4] ~= ''
local drop = tonumber(ARGV[7])
if drop and not (added and drop == seq + 1 and ARGV[5] == 'snapshot') then
  local record = drop >= first and drop <= seq and redis.call('LINDEX', KEYS[2], drop - first)
  if not record or string.sub(record, 1, 18) ~= '{"kind":"snapshot"' then return { 'no-snapshot' } end
end
local changes = ARGV[8] ~= '' and ARGV[8] ~= status
-- An entry that the head names serves for another wakeAt, too.
local wakes = ARGV[11] == 'set' and not h[10]
if (changes or wakes) and ARGV[9] ~= h[8] then
  return { 'index', h[8], changes and 'status' or '', wakes and 'wake' or '' }
end
local next_status = changes and ARGV[8] or status
local ended = next_status == 'completed' or next_status == 'failed' or next_status == 'cancelled'
local now = clock()
local set = { 'version', h[3] + 1, 'updatedAt', now, 'commitId', ARGV[1] }
local n = 6
if added then
  set[7], set[8] = 'seq', seq + 1
  n = 8
  if ARGV[5] ~= 'save' then
    set[9], set[10] = 'checkpointsCount', h[7] + 1
    n = 10
  end
  if ARGV[5] == 'snapshot' then
    set[n + 1], set[n + 2] = 'snapshotSeq', seq + 1
    n = n + 2
  end
end
if drop and drop > first then
  set[n + 1], set[n + 2] = 'firstSeq', drop
  n = n + 2
end
if changes then
  set[n + 1], set[n + 2], set[n + 3], set[n + 4] = 'status', next_status, 'entry', h[2] .. '.' .. h[3]
  n = n + 4
end
if wakes then
  set[n + 1], set[n + 2] = 'wake', h[2] .. '.' .. h[3]
  n = n + 2
end
if ended then
  set[n + 1], set[n + 2] = 'endedAt', now
  n = n + 2
end
if ARGV[6] ~= '' and next_status == 'running' then
  set[n + 1], set[n + 2] = 'leaseUntil', now + ARGV[6]
  n = n + 2
end
local removed = tonumber(ARGV[12])
for i = 13 + removed, #ARGV do
  n = n + 1
  set[n] = ARGV[i]
end
redis.call('HSET', KEYS[1], unpack(set))
if removed > 0 then redis.call('HDEL', KEYS[1], unpack(ARGV, 13, 12 + removed)) end
if next_status ~= 'running' then redis.call('HDEL', KEYS[1], 'owner', 'leaseUntil') end
if added then redis.call('RPUSH', KEYS[2], ARGV[4]) end
if drop and drop > first then redis.call('LTRIM', KEYS[2], drop - first, -1) end
if ended and ARGV[10] ~= '' then
  redis.call('PEXPIRE', KEYS[1], ARGV[10])
  redis.call('PEXPIRE', KEYS[2], ARGV[10])
end
local woken = ARGV[11] == 'clear' and h[10]
if changes or woken then return { 'changed', changes and status or '', h[9], woken or '' } end
return { 'done' }`);

/**
 * ARGV: lowest number, highest or '', how many, 'asc' or 'desc', bytes after which to stop.
 * Returns born, the numbers of the first and the last record that answer the question, and some of them.
 */
export const READ = script(`
local h = redis.call('HMGET', KEYS[1], 'born', 'firstSeq', 'seq')
if not h[1] then return { 'missing' } end
local first = tonumber(h[2])
local low = math.max(tonumber(ARGV[1]), first)
local high = tonumber(h[3])
if ARGV[2] ~= '' then high = math.min(high, tonumber(ARGV[2])) end
local left = math.min(tonumber(ARGV[3]), high - low + 1)
local bytes, records = 0, {}
while left > 0 and bytes < tonumber(ARGV[5]) do
  local count = math.min(left, 20)
  local at = #records
  local from = ARGV[4] == 'asc' and low + at or high - at - count + 1
  local some = redis.call('LRANGE', KEYS[2], from - first, from - first + count - 1)
  for i = 1, #some do
    local record = some[ARGV[4] == 'asc' and i or #some + 1 - i]
    bytes = bytes + #record
    records[at + i] = record
  end
  if #some < count then break end
  left = left - count
end
return { 'read', h[1], string.format('%.0f', low), string.format('%.0f', high), records }`);

/**
 * Removes an execution that is still as it was. ARGV: version, token or ''. Returns what its index entries are.
 *
 * Its creation, sent again because the answer was lost, must not bring it back: its tokens are void from now on.
 */
export const DELETE = script(`
local h = redis.call('HMGET', KEYS[1], 'version', 'token', 'born', 'entry', 'status', 'workflowId', 'userId', 'parentId',
  'wake')
if not h[1] or (ARGV[1] ~= '' and h[1] ~= ARGV[1]) or (ARGV[2] ~= '' and h[2] ~= ARGV[2]) then return { 'left' } end
local void = redis.call('HGET', KEYS[3], 'void')
-- First what a server without memory allows: it lets a script finish that has begun to write.
redis.call('UNLINK', KEYS[1], KEYS[2])
if tonumber(void or '0') < tonumber(h[2]) then
  redis.call('HSET', KEYS[3], 'void', h[2])
end
return { 'deleted', h[3], h[4], h[5], h[6], h[7], h[8] or '', h[9] or '' }`);

/**
 * Makes sure that no execution will come to be under a reserved token (ARGV[1]), unless it has: whoever reserved it takes
 * another.
 */
export const VOID = script(`
if redis.call('HGET', KEYS[1], 'born') == ARGV[1] then return 0 end
if tonumber(redis.call('HGET', KEYS[2], 'void') or '0') < tonumber(ARGV[1]) then
  redis.call('HSET', KEYS[2], 'void', ARGV[1])
end
return 1`);
