-- KEYS: fence, dict, config, rulings:TP
-- ARGV: header, configuration's text, TP, base position `INC:OFFSET` or empty, a fresh claim that no process holds, the
--       topic of TP, its number, partitions of the topic now, base position of a later partition
-- If the partition has no position and a base is given, sets the base, and the configuration if none is stored. Writes
-- nothing if the base is empty. A later partition is one that the topic did not have when it was first counted: producers
-- then send keys to other partitions than before, so the time is stored.
-- {"ok", claim, pos, base, state, rulings, told, "1" if a later partition got its base}, empty texts if nothing is stored for
-- TP
-- {"refused", "config", stored hash, stored text} {"refused", "dict", len, chain}
local text, tp, base, nobody = ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local topic, number, most, later_base = ARGV[8], tonumber(ARGV[9]), ARGV[10], ARGV[11]
local grown = ''
local no = header_mismatch()
local fresh = no and no[2] == 'empty'
if fresh and ARGV[2] ~= '0' then
	return {'refused', 'dict', '0', ''}
end
if fresh and redis.call('EXISTS', KEYS[2], KEYS[3], KEYS[4]) > 0 then
	return redis.error_reply('ERR private keys are there without the fence, so Redis lost keys; --rebuild counts all records again')
end
if no and not fresh then
	if no[2] == 'config' then
		no[4] = redis.call('HGET', KEYS[3], no[3]) or ''
	end
	return no
end
want_type('hash', KEYS[3])
want_type('list', KEYS[4])
if base ~= '' and redis.call('HEXISTS', KEYS[1], 'pos:' .. tp) == 0 then
	local parts = redis.call('HGET', KEYS[1], 'parts:' .. topic)
	if not parts then
		redis.call('HSET', KEYS[1], 'parts:' .. topic, most)
	elseif number >= tonumber(parts) then
		base, grown = later_base, '1'
		redis.call('HSET', KEYS[1], 'grown:' .. topic, int(wall_ms()))
	end
	redis.call('HSET', KEYS[1], 'pos:' .. tp, base, 'base:' .. tp, base, 'claim:' .. tp, nobody, 'state:' .. tp, '- - -')
	if fresh then
		redis.call('HSET', KEYS[1], 'config', ARGV[1])
		redis.call('HSET', KEYS[3], ARGV[1], text)
	end
end
local state = part_reply(tp, KEYS[4])
state[8] = grown
return state
