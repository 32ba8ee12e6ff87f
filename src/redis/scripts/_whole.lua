-- Functions for the scripts that reach all private keys: those that change the configuration.

-- A private key.
local function private(name)
	return string.sub(KEYS[1], 1, -6) .. name
end

-- Every partition that has a position: {tp, pos}.
local function partitions()
	local out, f = {}, redis.call('HGETALL', KEYS[1])
	for i = 1, #f, 2 do
		if string.sub(f[i], 1, 4) == 'pos:' then
			out[#out + 1] = {tp = string.sub(f[i], 5), pos = f[i + 1]}
		end
	end
	return out
end

-- The number of every shard that was ever acquired or written, as text.
local function shards()
	local out, seen = {}, {}
	for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
		local k = string.match(field, '^epoch:(%d+)$') or string.match(field, '^log:(%d+)$')
		if k and not seen[k] then
			seen[k] = true
			out[#out + 1] = k
		end
	end
	return out
end

-- The highest t_ms of all manifests, as text; empty if there is none.
local function highest_t()
	local most = ''
	for _, k in ipairs(shards()) do
		local t = redis.call('HGET', private('manifest:' .. k), 't_ms')
		if t and (most == '' or tonumber(t) > tonumber(most)) then
			most = t
		end
	end
	return most
end

-- The later of two positions; the first may be missing.
local function later(a, b)
	if not a then
		return b
	end
	local a_inc, a_offset = split_pos(a)
	local b_inc, b_offset = split_pos(b)
	a_inc, b_inc = tonumber(a_inc), tonumber(b_inc)
	if a_inc > b_inc or (a_inc == b_inc and tonumber(a_offset) > tonumber(b_offset)) then
		return a
	end
	return b
end

-- Writes a ruling for each partition: before its position the configuration `hash` was in force.
local function rule_config(hash)
	local len = redis.call('HGET', KEYS[1], 'dict_len') or '0'
	for _, p in ipairs(partitions()) do
		redis.call('RPUSH', private('rulings:' .. p.tp), 'config ' .. p.pos .. ' ' .. hash .. ' ' .. len)
	end
end
