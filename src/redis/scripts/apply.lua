-- KEYS: fence, dict, config
-- ARGV: header (with the configuration in force until now), new hash, its text, event clock for which the text was made
--       (empty: none), t_ms up to which it is valid (empty: any), `event` or `wall`, `,STEP,STEP,` of its windows in seconds
-- Puts the new configuration in force. Writes a ruling for each partition that says from which position, and deletes panes
-- of steps that no window uses any more.
-- {"ok"} {"refused", "clock"}: the clock went on, so the text must be made again; or the header's refusals
local new, text, clock, most, kind, steps = ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9]
if redis.call('HGET', KEYS[1], 'config') == new then
	return {'ok'}
end
local no = header_mismatch()
if no then return no end
if (redis.call('HGET', KEYS[1], 'clock_ms') or '') ~= clock then
	return {'refused', 'clock'}
end
local t = highest_t()
if most ~= '' and ((t ~= '' and tonumber(t) > tonumber(most)) or (kind == 'wall' and wall_ms() > tonumber(most))) then
	return {'refused', 'clock'}
end
want_type('hash', KEYS[3])
for _, p in ipairs(partitions()) do
	want_type('list', private('rulings:' .. p.tp))
end
for _, k in ipairs(shards()) do
	want_type('set', private('chunks:' .. k))
end
redis.call('HSET', KEYS[3], new, text)
redis.call('HSET', KEYS[1], 'config', new)
rule_config(ARGV[1])
for _, k in ipairs(shards()) do
	for _, field in ipairs(redis.call('HKEYS', private('manifest:' .. k))) do
		local step = string.match(field, '^chunk:%d+/(%d+)/')
		if step and not string.find(steps, ',' .. step .. ',', 1, true) then
			local name = redis.call('HGET', private('manifest:' .. k), field)
			redis.call('UNLINK', chunk_key(name))
			redis.call('SREM', private('chunks:' .. k), name)
			redis.call('HDEL', private('manifest:' .. k), field)
		end
	end
end
return {'ok'}
