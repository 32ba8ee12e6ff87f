-- KEYS: fence, dict, config, totals, meta, lost, alerts stream, dictids, dictcount
-- ARGV: header (with the configuration in force until now), new hash, its text, a fresh claim that no process holds, `1` if
--       losses are accepted, number of shards, and for each partition: TP, earliest offset that Kafka holds
-- Deletes the counts and sets base positions, so that every record is counted again. Keeps the dictionary, the rulings on
-- records, the alerts, the registries of public keys and the epochs, which go on rising. Stores for each partition in
-- `told` the position up to which alerts were emitted. Any private key may be absent: a dictionary that is not whole is begun
-- anew, and without a fence `base` sets the positions.
-- {"ok", partitions} {"refused", "loss", TP, base position, earliest offset or empty} if Kafka does not hold every record
-- that was counted; or the header's refusals
local MOST_SHARDS, PAGE = 256, 1000
local no = header_mismatch()
local fenceless = no and no[2] == 'empty'
if no and not fenceless then return no end
local new, text, nobody, accept = ARGV[4], ARGV[5], ARGV[6], ARGV[7] == '1'
local nshards, low = tonumber(ARGV[8]), {}
for i = 9, #ARGV, 2 do
	low[ARGV[i]] = ARGV[i + 1]
end
local parts, lost = partitions(), {}
for i = 9, fenceless and #ARGV or 0, 2 do
	parts[#parts + 1] = {tp = ARGV[i]}
end
for _, p in ipairs(fenceless and {} or parts) do
	local inc, offset = split_pos(p.pos)
	local base_inc, base_offset = split_pos(redis.call('HGET', KEYS[1], 'base:' .. p.tp))
	p.low = low[p.tp]
	if not p.low or base_inc ~= inc or tonumber(base_offset) < tonumber(p.low) then
		lost[#lost + 1] = {tp = p.tp, base = base_inc .. ':' .. base_offset, inc = inc, from = base_inc == inc and base_offset or '0',
			to = p.low or offset, low = p.low or ''}
	end
end
if #lost > 0 and not accept then
	return {'refused', 'loss', lost[1].tp, lost[1].base, lost[1].low}
end

local function is(kind, key)
	return redis.call('TYPE', key).ok == kind
end

-- Whether list, ids and counts are those that the fence names.
local function has_dictionary()
	local f = redis.call('HMGET', KEYS[1], 'dict_len', 'dict_chain')
	local len, sum = tonumber(f[1] or '0'), 0
	if len == 0 then
		return redis.call('EXISTS', KEYS[2]) + redis.call('EXISTS', KEYS[8]) + redis.call('EXISTS', KEYS[9]) == 0
	end
	if not (is('list', KEYS[2]) and is('hash', KEYS[8]) and is('hash', KEYS[9])) then
		return false
	end
	local counts = redis.call('HGETALL', KEYS[9])
	for i = 2, #counts, 2 do
		sum = sum + tonumber(counts[i])
	end
	return sum == len and redis.call('LLEN', KEYS[2]) == len and redis.call('HLEN', KEYS[8]) == len
		and cmsgpack.unpack(redis.call('LINDEX', KEYS[2], '-1'))[3] == f[2]
end

-- For each partition the offset of the last record that has an entry in the stream. Entries of a partition are in the order of
-- its offsets, and the stream loses the oldest first.
local function last_emitted()
	local out, wanted, to = {}, 0, '+'
	for _, p in ipairs(parts) do
		out[p.tp], wanted = '', wanted + 1
	end
	while wanted > 0 and is('stream', KEYS[7]) do
		local page = redis.call('XREVRANGE', KEYS[7], to, '-', 'COUNT', int(PAGE))
		for i = to == '+' and 1 or 2, #page do
			for f = 1, #page[i][2], 2 do
				local tp, offset = string.match(page[i][2][f + 1], '^(.+)/(%d+)$')
				if page[i][2][f] == 'source' and out[tp] == '' then
					out[tp], wanted = offset, wanted - 1
				end
			end
		end
		if #page < PAGE then
			break
		end
		to = page[#page][1]
	end
	return out
end

-- Deletes what is stored of a shard. A number that no shard has costs nothing.
local function drop_shard(k)
	local log, manifest, chunks = private('log:' .. k), private('manifest:' .. k), private('chunks:' .. k)
	for _, name in ipairs(is('set', chunks) and redis.call('SMEMBERS', chunks) or {}) do
		redis.call('UNLINK', chunk_key(name))
	end
	local fields = is('hash', manifest) and redis.call('HGETALL', manifest) or {}
	for i = 1, #fields, 2 do
		if string.sub(fields[i], 1, 6) == 'chunk:' then
			redis.call('UNLINK', chunk_key(fields[i + 1]))
		end
	end
	redis.call('UNLINK', log, manifest, chunks, private('rounds:' .. k))
end

-- The rulings that stay. Those of lateness and horizon are decided again; those of a configuration need its text and the
-- dictionary of its time.
local function kept_rulings(rulings, whole)
	local kept = {}
	for _, line in ipairs(is('list', rulings) and not fenceless and redis.call('LRANGE', rulings, '0', '-1') or {}) do
		local word, _, hash = string.match(line, '^(%l+) (%S+) ?(%S*)')
		if word == 'config' and whole and redis.call('HEXISTS', KEYS[3], hash) == 1
			or word ~= 'config' and word ~= 'lateness' and word ~= 'horizon' then
			kept[#kept + 1] = line
		end
	end
	return kept
end

-- The position up to which alerts of a partition were emitted, or nil. An entry does not name its incarnation.
local emitted, any_emitted = last_emitted(), redis.call('HEXISTS', KEYS[1], 'alert_id') == 1 or is('stream', KEYS[7])
local function told(p)
	if emitted[p.tp] ~= '' and (not p.pos or split_pos(p.pos) == '0') then
		return '0:' .. int(tonumber(emitted[p.tp]) + 1)
	end
	return p.pos and any_emitted and later(redis.call('HGET', KEYS[1], 'told:' .. p.tp), p.pos) or nil
end

local whole = has_dictionary()
for _, p in ipairs(parts) do
	p.told, p.kept = told(p), kept_rulings(private('rulings:' .. p.tp), whole)
end
local known = is('hash', KEYS[3]) and redis.call('HEXISTS', KEYS[3], ARGV[1]) == 1 and not fenceless
local len = redis.call('HGET', KEYS[1], 'dict_len') or '0'
if not is('hash', KEYS[3]) or fenceless then
	redis.call('UNLINK', KEYS[3])
end
redis.call('HSET', KEYS[3], new, text)
if not whole then
	redis.call('UNLINK', KEYS[2], KEYS[8], KEYS[9])
	redis.call('HDEL', KEYS[1], 'dict_len', 'dict_chain')
end
for k = 0, MOST_SHARDS - 1 do
	drop_shard(k)
end
for _, k in ipairs(shards()) do
	redis.call('HDEL', KEYS[1], 'log:' .. k)
	if is_foreign(private('keys:' .. k), 'set') then
		redis.call('UNLINK', private('keys:' .. k))
	end
	local epoch = redis.call('HGET', KEYS[1], 'epoch:' .. k)
	if epoch then
		redis.call('HSET', KEYS[1], 'epoch:' .. k, int(math.max(wall_ms(), tonumber(epoch) + 1)))
	end
end
for _, k in ipairs(shards()) do
	if tonumber(k) >= nshards then -- shard 0 hands its public keys over
		push('SADD', private('keys:0'), redis.call('SMEMBERS', private('keys:' .. k)))
		redis.call('UNLINK', private('keys:' .. k))
	end
end
redis.call('UNLINK', KEYS[4], KEYS[5])
redis.call('HDEL', KEYS[1], 'clock_ms', 'since_ms')
redis.call('HSET', KEYS[1], 'config', new)
for _, p in ipairs(parts) do
	local rulings = private('rulings:' .. p.tp)
	redis.call('HDEL', KEYS[1], 'claim:' .. p.tp, 'pos:' .. p.tp, 'base:' .. p.tp, 'state:' .. p.tp, 'marks:' .. p.tp,
		'told:' .. p.tp)
	redis.call('UNLINK', private('history:' .. p.tp))
	if p.told then
		redis.call('HSET', KEYS[1], 'told:' .. p.tp, p.told)
	end
	if new ~= ARGV[1] and known and whole then
		p.kept[#p.kept + 1] = 'config ' .. p.pos .. ' ' .. ARGV[1] .. ' ' .. len
	end
	redis.call('UNLINK', rulings)
	push('RPUSH', rulings, p.kept)
	if p.low then
		local base = split_pos(p.pos) .. ':' .. p.low
		redis.call('HSET', KEYS[1], 'pos:' .. p.tp, base, 'base:' .. p.tp, base, 'claim:' .. p.tp, nobody, 'state:' .. p.tp, '- - -')
	end
end
if not is('list', KEYS[6]) then
	redis.call('UNLINK', KEYS[6])
end
for _, l in ipairs(lost) do
	redis.call('RPUSH', KEYS[6], l.tp .. ' gap ' .. l.inc .. ':' .. l.from .. ' ' .. l.to .. ' ' .. int(wall_ms()) .. ' rebuild')
	redis.call('HSET', KEYS[1], 'lost_ms', int(wall_ms()))
end
redis.call('LTRIM', KEYS[6], '-1000', '-1')
return {'ok', fenceless and '0' or int(#parts)}
