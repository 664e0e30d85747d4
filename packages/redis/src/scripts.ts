/**
 * What a server runs as one step. Each script changes the set by one command at most: two would be a transaction in the append-only file,
 * and Redis 7.0 skips transactions when it loads that file while its default user is off.
 *
 * Each begins with a look for the set itself. Redis removes a key as a whole, when it evicts or by another program, and an answer from no
 * set would be taken for an empty one.
 */
const check = `
local set, kind = KEYS[1], redis.call('TYPE', KEYS[1]).ok
if kind == 'none' then return redis.error_reply('HOPTRACE missing') end
if kind ~= 'zset' or not redis.call('ZSCORE', set, '\\0') then return redis.error_reply('HOPTRACE foreign') end
`

/** Makes the set, with the member that every set of hoptrace has. */
export const makeScript = `
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('ZADD', KEYS[1], 0, '\\0') end
`

export const openScript = check

/**
 * ARGV: encoded keys and values in turn. A row that is there gets a member with the next version, and the old one stays. Returns how many old
 * members there are now.
 */
export const putScript = `${check}
local added, old = {}, 0
for i = 1, #ARGV, 2 do
  local key, value = ARGV[i], ARGV[i + 1]
  local found = redis.call('ZRANGEBYLEX', set, '[' .. key, '(' .. key .. '\\255')
  local last, version = found[#found], 0
  if last then version = struct.unpack('>I4', last, #key + 1) + 1 end
  if not last or string.sub(last, #key + 5) ~= value then
    added[#added + 1] = 0
    added[#added + 1] = key .. struct.pack('>I4', version) .. value
    old = old + #found
  else
    old = old + #found - 1
  end
end
if #added > 0 then redis.call('ZADD', set, unpack(added)) end
return old
`

/** ARGV: encoded keys. Removes all members of a key but the last. */
export const cleanScript = `${check}
local old = {}
for _, key in ipairs(ARGV) do
  local found = redis.call('ZRANGEBYLEX', set, '[' .. key, '(' .. key .. '\\255')
  for i = 1, #found - 1 do
    if #old < 2000 then old[#old + 1] = found[i] end
  end
end
if #old > 0 then redis.call('ZREM', set, unpack(old)) end
`

/** ARGV: from, to, members at most, bytes at which a page ends. Returns whether there may be more, and the members. */
export const scanScript = `${check}
local limit, found, bytes, from = tonumber(ARGV[3]), {}, 0, '[' .. ARGV[1]
while #found < limit do
  local count = math.min(64, limit - #found)
  local members = redis.call('ZRANGEBYLEX', set, from, '(' .. ARGV[2], 'LIMIT', 0, count)
  for _, member in ipairs(members) do
    found[#found + 1] = member
    bytes = bytes + #member
  end
  if #members < count then return {0, found} end
  if bytes >= tonumber(ARGV[4]) then break end
  from = '(' .. members[#members]
end
return {1, found}
`

/** ARGV: from, to, members at most. Returns how many were removed. */
export const deleteScript = `${check}
local members = redis.call('ZRANGEBYLEX', set, '[' .. ARGV[1], '(' .. ARGV[2], 'LIMIT', 0, ARGV[3])
if #members > 0 then redis.call('ZREM', set, unpack(members)) end
return #members
`
