-- KEYS: fence, dict, manifest:K, chunks:K
-- ARGV: header, K, highest epoch seen elsewhere (0: none), epoch that must be stored (empty: any)
-- Gives the shard a new epoch, greater than every epoch stored or seen, so that every script refuses the process that held
-- the shard before. Deletes the chunks that no manifest names.
-- {"ok", epoch, time_ms, clock_ms, `SEQ HASH` of the log's end, {manifest: field, value ...}}, empty texts if nothing is stored
-- {"refused", "epoch", stored}
local no = header_mismatch() or (ARGV[6] ~= '' and epoch_mismatch(ARGV[4], ARGV[6]) or nil)
if no then return no end
local k, now = ARGV[4], wall_ms()
local f = redis.call('HMGET', KEYS[1], 'epoch:' .. k, 'clock_ms', 'log:' .. k)
local epoch = math.max(now, tonumber(f[1] or '0') + 1, tonumber(ARGV[5]) + 1)
local manifest, named = redis.call('HGETALL', KEYS[3]), {}
for i = 1, #manifest, 2 do
	if string.sub(manifest[i], 1, 6) == 'chunk:' then
		named[manifest[i + 1]] = true
	end
end
local chunks = redis.call('SMEMBERS', KEYS[4])
redis.call('HSET', KEYS[1], 'epoch:' .. k, int(epoch))
for _, name in ipairs(chunks) do
	if not named[name] then
		redis.call('UNLINK', chunk_key(name))
		redis.call('SREM', KEYS[4], name)
	end
end
return {'ok', int(epoch), int(now), f[2] or '', f[3] or '', manifest}
