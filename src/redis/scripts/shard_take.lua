-- KEYS: fence, dict, manifest:K, chunks:K
-- ARGV: header, K, highest epoch seen elsewhere (0: none), epoch that must be stored still (empty: any)
-- Gives the shard a new epoch, above all that was given or seen, so that whoever held it before writes nothing more; what
-- that one wrote and never named is deleted.
-- {"ok", epoch, time_ms, clock_ms, `SEQ HASH` of the log's end, {manifest: field, value ...}}, empty texts where there are none
-- {"refused", "epoch", stored}
local no = misfit() or (ARGV[6] ~= '' and taken(ARGV[4], ARGV[6]) or nil)
if no then
	return no
end
local k, now = ARGV[4], wall_ms()
local f = redis.call('HMGET', KEYS[1], 'epoch:' .. k, 'clock_ms', 'log:' .. k)
local epoch = math.max(now, tonumber(f[1] or '0') + 1, tonumber(ARGV[5]) + 1)
redis.call('HSET', KEYS[1], 'epoch:' .. k, int(epoch))
local manifest, named = redis.call('HGETALL', KEYS[3]), {}
for i = 1, #manifest, 2 do
	if string.sub(manifest[i], 1, 6) == 'chunk:' then
		named[manifest[i + 1]] = true
	end
end
for _, name in ipairs(redis.call('SMEMBERS', KEYS[4])) do
	if not named[name] then
		redis.call('UNLINK', chunk_key(name))
		redis.call('SREM', KEYS[4], name)
	end
end
return {'ok', int(epoch), int(now), f[2] or '', f[3] or '', manifest}
