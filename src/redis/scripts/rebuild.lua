-- KEYS: fence, dict, config, totals, meta, lost
-- ARGV: header (with the configuration in force until now), new hash, its text, a fresh claim that no process holds, `1` if
--       losses are accepted, and for each partition: TP, earliest offset that Kafka holds
-- Deletes the counts and sets base positions, so that every record is counted again. Keeps the dictionary, the rulings on
-- records, the alerts and the epochs, which go on rising. Stores for each partition in `told` the position up to which
-- alerts were emitted.
-- {"ok", partitions} {"refused", "loss", TP, base position, earliest offset or empty} if Kafka does not hold every record
-- that was counted; or the header's refusals
local no = header_mismatch()
if no then return no end
local new, text, nobody, accept = ARGV[4], ARGV[5], ARGV[6], ARGV[7] == '1'
local low = {}
for i = 8, #ARGV, 2 do
	low[ARGV[i]] = ARGV[i + 1]
end
local parts, lost = partitions(), {}
for _, p in ipairs(parts) do
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

redis.call('HSET', KEYS[3], new, text)
if new ~= ARGV[1] then
	rule_config(ARGV[1])
end
for _, k in ipairs(shards()) do
	for _, name in ipairs(redis.call('SMEMBERS', private('chunks:' .. k))) do
		redis.call('UNLINK', chunk_key(name))
	end
	redis.call('UNLINK', private('log:' .. k), private('manifest:' .. k), private('chunks:' .. k), private('rounds:' .. k))
	redis.call('HDEL', KEYS[1], 'log:' .. k)
	local epoch = redis.call('HGET', KEYS[1], 'epoch:' .. k)
	if epoch then
		redis.call('HSET', KEYS[1], 'epoch:' .. k, int(math.max(wall_ms(), tonumber(epoch) + 1)))
	end
end
redis.call('UNLINK', KEYS[4], KEYS[5])
redis.call('HDEL', KEYS[1], 'clock_ms', 'since_ms')
redis.call('HSET', KEYS[1], 'config', new)
for _, p in ipairs(parts) do
	local rulings = private('rulings:' .. p.tp)
	local inc = split_pos(p.pos)
	redis.call('HDEL', KEYS[1], 'claim:' .. p.tp, 'pos:' .. p.tp, 'base:' .. p.tp, 'state:' .. p.tp, 'marks:' .. p.tp)
	redis.call('UNLINK', private('history:' .. p.tp))
	redis.call('HSET', KEYS[1], 'told:' .. p.tp, later(redis.call('HGET', KEYS[1], 'told:' .. p.tp), p.pos))
	local kept = {}
	for _, line in ipairs(redis.call('LRANGE', rulings, '0', '-1')) do
		local word = string.match(line, '^%l+')
		if word ~= 'lateness' and word ~= 'horizon' then -- these are decided again
			kept[#kept + 1] = line
		end
	end
	redis.call('DEL', rulings)
	push('RPUSH', rulings, kept)
	if p.low then
		local base = inc .. ':' .. p.low
		redis.call('HSET', KEYS[1], 'pos:' .. p.tp, base, 'base:' .. p.tp, base, 'claim:' .. p.tp, nobody, 'state:' .. p.tp, '- - -')
	end
end
for _, l in ipairs(lost) do
	redis.call('RPUSH', KEYS[6], l.tp .. ' gap ' .. l.inc .. ':' .. l.from .. ' ' .. l.to .. ' ' .. int(wall_ms()) .. ' rebuild')
	redis.call('HSET', KEYS[1], 'lost_ms', int(wall_ms()))
end
redis.call('LTRIM', KEYS[6], '-1000', '-1')
return {'ok', int(#parts)}
