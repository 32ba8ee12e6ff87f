-- KEYS: fence, dict, dictids, dictcount
-- ARGV: header, and for each value: dimension's number, its word, its cap, value (an ancestor before its descendants)
-- A value that is stored keeps its id. Others are appended, up to the cap of their dimension.
-- {"ok", the header's length, "1" if more entries follow, else "0", {entries from that length on, at most 2000}}
-- or the header's refusals
local MOST = 2000
local no = header_mismatch()
if no then return no end

want_type('list', KEYS[2])
local f = redis.call('HMGET', KEYS[1], 'dict_len', 'dict_chain')
local len, chain = tonumber(f[1] or '0'), f[2] or ''
if redis.call('LLEN', KEYS[2]) ~= len or redis.call('HLEN', KEYS[3]) ~= len then
	return redis.error_reply('ERR the dictionary does not have the length that the fence says; --rebuild makes it anew')
end
local entries, ids, count, new = {}, {}, {}, {}

local function known(key)
	return new[key] or redis.call('HEXISTS', KEYS[3], key) == 1
end

-- A location's ancestor must be stored before it; the reserved values need no entry.
local function has_parent(dim, word, value)
	local up = word == 'location' and string.match(value, '^(.*)/[^/]*$')
	return not up or up == '__none__' or up == '__other__' or known(dim .. ':' .. up)
end

for i = 4, #ARGV, 4 do
	local dim, word, cap, value = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), ARGV[i + 3]
	local key = dim .. ':' .. value
	count[dim] = count[dim] or tonumber(redis.call('HGET', KEYS[4], dim) or '0')
	if value == '' or value == '__none__' or value == '__other__' then
		return redis.error_reply('ERR a reserved value is not admitted')
	end
	if not known(key) and count[dim] < cap then
		if not has_parent(dim, word, value) then
			return redis.error_reply('ERR a location is admitted after its ancestors')
		end
		chain = redis.sha1hex(chain .. #word .. ':' .. word .. #value .. ':' .. value)
		entries[#entries + 1] = cmsgpack.pack({tonumber(dim), value, chain})
		ids[#ids + 1] = key
		ids[#ids + 1] = int(len + 2)
		new[key] = true
		count[dim] = count[dim] + 1
		len = len + 1
	end
end

if #entries > 0 then
	push('RPUSH', KEYS[2], entries)
	push('HSET', KEYS[3], ids)
	for dim, n in pairs(count) do
		redis.call('HSET', KEYS[4], dim, int(n))
	end
	redis.call('HSET', KEYS[1], 'dict_len', int(len), 'dict_chain', chain)
end
local from = tonumber(ARGV[2])
local rest = len - from
if rest == 0 then
	return {'ok', ARGV[2], '0', {}}
end
-- Indexes from the end: LRANGE walks the list from its nearer end.
local last = rest > MOST and from - len + MOST - 1 or -1
return {'ok', ARGV[2], rest > MOST and '1' or '0', redis.call('LRANGE', KEYS[2], int(from - len), int(last))}
