-- Functions for every script. KEYS[1] fence, KEYS[2] dictionary; ARGV[1..3] header.

-- All numbers become text here: tostring() rounds above 1e14.
local function int(n)
	return string.format('%.0f', n)
end

-- The refusal, or nil if the header matches. A dictionary that is a prefix of the stored one matches.
local function header_mismatch()
	local f = redis.call('HMGET', KEYS[1], 'config', 'dict_len', 'dict_chain')
	if not f[1] then
		return {'refused', 'empty'}
	end
	if f[1] ~= ARGV[1] then
		return {'refused', 'config', f[1]}
	end
	local len, stored, chain = tonumber(ARGV[2]), tonumber(f[2] or '0'), f[3] or ''
	if len == 0 then
		return nil
	end
	if len < stored then
		chain = cmsgpack.unpack(redis.call('LINDEX', KEYS[2], int(len - stored - 1)))[3]
	end
	if len > stored or chain ~= ARGV[3] then
		return {'refused', 'dict', int(stored), f[3] or ''}
	end
	return nil
end

-- The refusal, with what is stored, or nil if this claim and this position of the partition are stored.
local function fence_mismatch(tp, claim, pos)
	local f = redis.call('HMGET', KEYS[1], 'claim:' .. tp, 'pos:' .. tp)
	if f[1] ~= claim then
		return {'refused', 'claim', tp, f[1] or '', f[2] or ''}
	end
	if f[2] ~= pos then
		return {'refused', 'position', tp, f[1] or '', f[2] or ''}
	end
	return nil
end

-- {"ok", claim, pos, base, state, rulings, told}; empty texts and an empty list if nothing is stored. `told` is the
-- position up to which an earlier count emitted alerts.
local function part_reply(tp, rulings)
	local f = redis.call('HMGET', KEYS[1], 'claim:' .. tp, 'pos:' .. tp, 'base:' .. tp, 'state:' .. tp, 'told:' .. tp)
	return {'ok', f[1] or '', f[2] or '', f[3] or '', f[4] or '', redis.call('LRANGE', rulings, '0', '-1'), f[5] or ''}
end

-- `INC:OFFSET` -> `INC`, `OFFSET`
local function split_pos(pos)
	return string.match(pos, '^(%d+):(%d+)$')
end

local function wall_ms()
	local t = redis.call('TIME')
	return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end

-- Whether the key holds a value of another type than that, which npsd did not write.
local function is_foreign(key, own)
	local stored = redis.call('TYPE', key).ok
	return stored ~= 'none' and stored ~= own
end

-- Fails if the key exists with another type. A script that writes more than one key calls this before its first write, since
-- Redis does not undo a script that fails half-way.
local function want_type(kind, key)
	if is_foreign(key, kind) then
		error(key .. ' must be a ' .. kind)
	end
end

-- Calls a command with one key and many arguments in pieces, since unpack() is limited; each has an even number, for pairs.
local function push(command, key, list)
	for i = 1, #list, 1000 do
		redis.call(command, key, unpack(list, i, math.min(i + 999, #list)))
	end
end
