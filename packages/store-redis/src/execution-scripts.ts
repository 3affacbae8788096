import type { WorkflowStatus } from "@waymark/core/store";
import { hadFields, namedScript, script } from "./script.ts";

/*
 * The scripts that decide about one execution. All keys of a script have one hash tag. Nothing that can fail follows a
 * script's first write: the values that it computes with are checked before. A refusal returns the head, so that the
 * caller finds the reason by the rules that all stores share.
 *
 * Private fields of a head beside those of an ExecutionRecord:
 *   born       the token it was created under, which is the stamp of its entries in indexes that it never leaves
 *   entry      the stamp of its entries in the index of its status and, while it runs, in that of leases
 *   wake       the stamp of its entries in the indexes of those that have a wakeAt; absent without one
 *   initialId  the id of the first checkpoint; claimId, commitId: those of the last claim and commit
 */

const CLOCK = `
local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000), time[1] * 1000000 + time[2]
end`;

// Nothing that is stored is trusted: others may have written it. 2^53 - 1 cannot be raised, since numbers are doubles.
const COUNT = `
local function count(text)
  local number = text and string.find(text, '^%d+$') and tonumber(text)
  return number and number < 9007199254740991 and number
end`;

// Adds the time of the read, which is not stored.
const READ_HEAD = `
local function read_head(key)
  local head = redis.call('HGETALL', key)
  if #head == 0 then return head end
  local time = redis.call('TIME')
  head[#head + 1] = 'readAt'
  head[#head + 1] = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
  return head
end`;

// The counter keeps a token from coming twice; the clock does so even if the server has lost its last writes.
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

/**
 * Returns the head's fields and values: none if there is no head, and something unreadable for a key of another type.
 */
export const HEAD = script(`${CLOCK}
local head = redis.pcall('HGETALL', KEYS[1])
if head.err and string.find(head.err, 'WRONGTYPE', 1, true) then return { 'wrongtype', '' } end
if head.err or #head == 0 then return head end
head[#head + 1] = 'readAt'
head[#head + 1] = string.format('%.0f', (clock()))
return head`);

/** Returns a text. A script always goes to the primary; a plain GET may go to a replica, which may not have it yet. */
export const TEXT = script(`return redis.call('GET', KEYS[1])`);

/** Reserves a token for a new execution and returns it with the time, or returns the head that has the id. */
export const RESERVE = script(`${CLOCK}${COUNT}${READ_HEAD}${NEXT_TOKEN}
local head = read_head(KEYS[1])
if #head > 0 then return { 'exists', head } end
local token = next_token(KEYS[2], 0)
redis.call('HSET', KEYS[2], 'last', token)
return { 'reserved', string.format('%.0f', token), string.format('%.0f', (clock())) }`);

export type ReserveAnswer = ["exists", string[]] | ["reserved", string, string];

/** Makes an execution under a reserved token. After the named arguments: fields and values. */
export const CREATE = namedScript(
  ["token", "record", "endedTtlMs"],
  `${COUNT}${READ_HEAD}
local head = read_head(KEYS[1])
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

export type CreateAnswer = ["exists", string[]] | ["void"] | ["created"];

/**
 * Grants a claim to a caller that has read the head and made its index entries: `prepared` is the status that the head
 * had, and their stamp. After the named arguments come the statuses from which it may be claimed.
 *
 * The stamp names the head's state. The stamp of a cancel and of a claim by force names the token only, so that no
 * stream of commits holds them up.
 */
export const CLAIM = namedScript(
  ["claimId", "owner", "leaseMs", "force", "cancel", "prepared", "endedTtlMs"],
  `${CLOCK}${COUNT}${READ_HEAD}${NEXT_TOKEN}${IS_WHOLE}${hadFields(
    ...["status", "token", "version", "claimId", "leaseUntil", "entry", "wake", "seq", "firstSeq", "recoveries"],
  )}
local status = had_status
if not status or had_claimId == claimId then return { 'refused', read_head(KEYS[1]) } end
local now = clock()
local listed = false
for i = rest, #ARGV do listed = listed or ARGV[i] == status end
if not listed or (status == 'running' and force == '' and (count(had_leaseUntil) or 0) > now) then
  return { 'refused', read_head(KEYS[1]) }
end
local last, recoveries = count(had_token), count(had_recoveries or '0')
if not (last and recoveries and count(had_version) and is_whole(count(had_seq), count(had_firstSeq))) then
  return { 'damaged', read_head(KEYS[1]) }
end
local cancels = cancel ~= ''
local stamp = had_token .. '.' .. ((cancels or force ~= '') and '9007199254740991' or had_version)
local after = cancels and 'cancelled' or 'running'
-- Which entries are to be made depends on the status, too.
if prepared ~= status .. ':' .. stamp then return { 'prepare', read_head(KEYS[1]), stamp } end
local token = next_token(KEYS[3], last)
local entry = status == after and had_entry or stamp
local left_wake = ''
if status == 'running' then recoveries = recoveries + 1 else
  recoveries = 0
  redis.call('HDEL', KEYS[1], 'failure')
end
redis.call('HDEL', KEYS[1], 'endedAt')
redis.call('HSET', KEYS[1], 'status', after, 'token', token, 'updatedAt', now, 'claimId', claimId, 'entry', entry,
  'recoveries', recoveries)
if cancels then
  left_wake = had_wake or ''
  redis.call('HSET', KEYS[1], 'failure', cancel, 'endedAt', now)
  redis.call('HDEL', KEYS[1], 'owner', 'leaseUntil', 'wakeAt', 'wake', 'waiting', 'waitingCount')
else
  redis.call('HSET', KEYS[1], 'owner', owner, 'leaseUntil', now + leaseMs)
end
redis.call('HSET', KEYS[3], 'last', token)
if cancels and endedTtlMs ~= '' then
  redis.call('PEXPIRE', KEYS[1], endedTtlMs)
  redis.call('PEXPIRE', KEYS[2], endedTtlMs)
else
  redis.call('PERSIST', KEYS[1])
  redis.call('PERSIST', KEYS[2])
end
return { 'claimed', read_head(KEYS[1]), status, had_entry, left_wake }`,
);

export type ClaimAnswer =
  /** There is no such execution, this claimId has claimed it already, or the rules of core have the reason. */
  | ["refused", string[]]
  | ["damaged", string[]]
  /** It would be granted: the head, and the stamp of the entries to make. */
  | ["prepare", string[], string]
  /** Claimed: the status before, the stamp of its entry there, and that of its `wakeAt` if it is out of force. */
  | ["claimed", string[], WorkflowStatus, string, string];

/**
 * Commits. `prepared` is the creation time with which index entries were made for this commit, or ''. `kinds` has a
 * letter for each record: s for a snapshot, v for a save, c for any other checkpoint. After the named arguments come
 * the records, `removed` fields to remove, and then fields and values to set.
 */
export const COMMIT = namedScript(
  [
    ...([
      "commitId",
      "token",
      "version",
      "kinds",
      "leaseMs",
      "dropBefore",
      "status",
      "wake",
      "wakeAt",
      "wakeInMs",
    ] as const),
    ...(["endedAt", "prepared", "endedTtlMs", "removed"] as const),
  ],
  `${READ_HEAD}${hadFields(
    ...["status", "token", "version", "commitId", "seq", "firstSeq", "checkpointsCount", "createdAt"],
    ...["entry", "wake", "leaseUntil", "recoveries"],
  )}
local before = had_status
if not before or had_commitId == commitId or had_token ~= token or (before ~= 'running' and before ~= 'pending')
  or had_version ~= version then
  return { 'refused', read_head(KEYS[1]) }
end
local seq, first, checkpoints = tonumber(had_seq), tonumber(had_firstSeq), tonumber(had_checkpointsCount)
local largest = 9007199254740991
-- What is computed with can be raised, and counts the records that there are.
if not (seq and first and checkpoints and had_createdAt) or redis.call('LLEN', KEYS[2]) ~= seq - first + 1
  or first < 0 or checkpoints < 0 or checkpoints % 1 ~= 0 or checkpoints >= largest or tonumber(version) >= largest then
  return { 'damaged', read_head(KEYS[1]) }
end
local added = #kinds
local drop = tonumber(dropBefore)
if drop and not (drop > seq and string.sub(kinds, drop - seq, drop - seq) == 's') then
  local snapshot = drop >= first and drop <= seq and redis.call('LINDEX', KEYS[2], drop - first)
  if not snapshot or string.sub(snapshot, 1, 18) ~= '{"kind":"snapshot"' then
    return { 'refused', read_head(KEYS[1]) }
  end
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local changes = status ~= '' and status ~= before
local after = changes and status or before
local wakes_at = wake == 'set' and (tonumber(wakeAt) or now + wakeInMs)
-- An entry that the head names serves for a later wakeAt, and for a later end of the lease, too. Earlier ones have new
-- entries: a listing that has read the head before may raise the bound of the old ones at any time.
local had_wake_at = wakes_at and had_wake and tonumber(redis.call('HGET', KEYS[1], 'wakeAt'))
local wakes = wakes_at and not (had_wake_at and wakes_at >= had_wake_at)
local ends_at = leaseMs ~= '' and after == 'running' and now + leaseMs
local shortens = ends_at and not changes and ends_at < (tonumber(had_leaseUntil) or 0)
local moves = changes or shortens
if (moves or wakes) and prepared ~= had_createdAt then
  return { 'index', had_createdAt, moves and 'status' or '', wakes and 'wake' or '', string.format('%.0f', now) }
end
local ended = after == 'completed' or after == 'failed' or after == 'cancelled'
local stamp = token .. '.' .. version
local set = { 'version', version + 1, 'updatedAt', now, 'commitId', commitId }
local n = 6
local function put(field, value)
  set[n + 1], set[n + 2] = field, value
  n = n + 2
end
if added > 0 then
  put('seq', seq + added)
  local shown, snapshot = 0, nil
  for i = 1, added do
    local kind = string.sub(kinds, i, i)
    if kind ~= 'v' then shown = shown + 1 end
    if kind == 's' then snapshot = seq + i end
  end
  if shown > 0 then put('checkpointsCount', checkpoints + shown) end
  if shown > 0 and had_recoveries ~= '0' then put('recoveries', 0) end
  if snapshot then put('snapshotSeq', snapshot) end
end
if drop and drop > first then put('firstSeq', drop) end
if changes then put('status', after) end
if moves then put('entry', stamp) end
if wakes_at then put('wakeAt', wakes_at) end
if wakes then put('wake', stamp) end
if ended then put('endedAt', math.min(tonumber(endedAt) or now, now)) end
if ends_at then put('leaseUntil', ends_at) end
for i = rest + added + removed, #ARGV do
  n = n + 1
  set[n] = ARGV[i]
end
redis.call('HSET', KEYS[1], unpack(set))
if removed ~= '0' then redis.call('HDEL', KEYS[1], unpack(ARGV, rest + added, rest + added + removed - 1)) end
if after ~= 'running' then redis.call('HDEL', KEYS[1], 'owner', 'leaseUntil') end
if added > 0 then redis.call('RPUSH', KEYS[2], unpack(ARGV, rest, rest + added - 1)) end
if drop and drop > first then redis.call('LTRIM', KEYS[2], drop - first, -1) end
if ended and endedTtlMs ~= '' then
  redis.call('PEXPIRE', KEYS[1], endedTtlMs)
  redis.call('PEXPIRE', KEYS[2], endedTtlMs)
end
local woken = (wake == 'clear' or wakes) and had_wake
if moves or woken then return { 'changed', moves and before or '', had_entry or '', woken or '' } end
return { 'done' }`,
);

export type CommitAnswer =
  | ["done"]
  /**
   * Done, and entries are out of force: in the index of the status ("" for none) the one with the first stamp, and in
   * the indexes of executions that have a `wakeAt` those with the second ("" for none).
   */
  | ["changed", WorkflowStatus | "", string, string]
  /** Nothing was changed; the head has the reason. */
  | ["refused", string[]]
  | ["damaged", string[]]
  /**
   * It would be granted, once there are index entries with this creation time: for the status, which may stay as it is
   * if the lease ends earlier, and for the `wakeAt`. Then the server's time.
   */
  | ["index", string, "status" | "", "wake" | "", string];

/** Reads records from number `lowest` to `highest` (or ''), at most `limit`, and stops once it has read `bytes`. */
export const READ = namedScript(
  ["lowest", "highest", "limit", "order", "bytes"],
  `${COUNT}${READ_HEAD}${IS_WHOLE}
local h = redis.call('HMGET', KEYS[1], 'born', 'firstSeq', 'seq')
local first, seq = count(h[2]), count(h[3])
if not h[1] or not is_whole(seq, first) then return { 'damaged', read_head(KEYS[1]) } end
local low = math.max(tonumber(lowest), first)
local high = seq
if highest ~= '' then high = math.min(high, tonumber(highest)) end
local left = math.min(tonumber(limit), high - low + 1)
local size, records = 0, {}
while left > 0 and size < tonumber(bytes) do
  local wanted = math.min(left, 20)
  local at = #records
  local from = order == 'asc' and low + at or high - at - wanted + 1
  local some = redis.call('LRANGE', KEYS[2], from - first, from - first + wanted - 1)
  for i = 1, #some do
    local record = some[order == 'asc' and i or #some + 1 - i]
    size = size + #record
    records[at + i] = record
  end
  left = left - wanted
end
return { 'read', h[1], string.format('%.0f', low), string.format('%.0f', high), records }`,
);

export type ReadAnswer =
  /** The token of its creation, the first and the last number in the range, and some of the records. */
  | ["read", string, string, string, string[]]
  /** There is no execution, or its head does not fit its records. */
  | ["damaged", string[]];

/**
 * Removes an execution that is still at `version` and `token`, or at any if they are ''. Returns what its index entries
 * are found by.
 *
 * Its tokens are void from then on, so that a creation that is sent again after a lost answer does not bring it back.
 */
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

/** Returns whether a record is kept and is a snapshot. ARGV: its number. */
export const IS_SNAPSHOT = script(`${COUNT}
local first, seq = count(redis.call('HGET', KEYS[1], 'firstSeq')), tonumber(ARGV[1])
local record = first and seq >= first and redis.call('LINDEX', KEYS[2], seq - first)
return record and string.sub(record, 1, 18) == '{"kind":"snapshot"' and 1 or 0`);

/**
 * Born, entry, status, workflow, user, parent or "", wake or "": the index entries that a deletion leaves follow from
 * them.
 */
export type DeleteAnswer = ["left"] | ["deleted", string, string, WorkflowStatus, string, string, string, string];

/**
 * Voids a reserved token (ARGV[1]) unless an execution was created under it. The process that reserved it then takes
 * another.
 */
export const VOID = script(`${COUNT}
if redis.call('HGET', KEYS[1], 'born') == ARGV[1] then return 0 end
if (count(redis.call('HGET', KEYS[2], 'void')) or 0) < tonumber(ARGV[1]) then
  redis.call('HSET', KEYS[2], 'void', ARGV[1])
end
return 1`);
