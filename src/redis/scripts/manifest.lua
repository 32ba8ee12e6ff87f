-- KEYS: fence, dict, manifest:K, chunks:K, log:K
-- ARGV: header, K, epoch, version of the snapshot before (empty: none), version of this one, `event` or `wall`, SEQ and HASH
--       of the last log entry in it, t_ms, dropped_ms, positions, number of new chunks, field and name of each, then each
--       field to delete
-- Makes a snapshot current if the log holds that entry. Deletes the chunks that it replaces, and the log before the entry.
-- The reply is ok if the snapshot is current already.
-- {"ok"} {"refused", "epoch" | "manifest" | "log" | "clock" | "chunk", what is stored}
local no = header_mismatch() or epoch_mismatch(ARGV[4], ARGV[5])
if no then return no end
local base, version, kind, seq, hash, t = ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11]
local last = 14 + 2 * tonumber(ARGV[14])
local stored = redis.call('HGET', KEYS[3], 'version') or ''
if stored == version then
	return {'ok'}
end
if stored ~= base then
	return {'refused', 'manifest', stored}
end
local entry = redis.call('XRANGE', KEYS[5], seq .. '-0', seq .. '-0')[1]
local x = ''
for i = 1, entry and #entry[2] or 0, 2 do
	if entry[2][i] == 'x' then
		x = entry[2][i + 1]
	end
end
if x ~= hash then
	return {'refused', 'log', x}
end
local clock = redis.call('HGET', KEYS[1], 'clock_ms') or ''
if kind == 'event' and (clock == '' or tonumber(t) > tonumber(clock)) then
	return {'refused', 'clock', clock}
end
for i = 15, last, 2 do
	if redis.call('EXISTS', chunk_key(ARGV[i + 1])) == 0 then
		return {'refused', 'chunk', ARGV[i + 1]}
	end
end

want_type('set', KEYS[4])
local function forget(field)
	local name = redis.call('HGET', KEYS[3], field)
	if name then
		redis.call('UNLINK', chunk_key(name))
		redis.call('SREM', KEYS[4], name)
	end
end
for i = 15, last, 2 do
	forget(ARGV[i])
	redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1])
end
for i = last + 1, #ARGV do
	forget(ARGV[i])
	redis.call('HDEL', KEYS[3], ARGV[i])
end
redis.call('HSET', KEYS[3], 'version', version, 'seq', seq, 'hash', hash, 'config', ARGV[1], 'dict_len', ARGV[2],
	'dict_chain', ARGV[3], 't_ms', t, 'dropped_ms', ARGV[12], 'positions', ARGV[13])
redis.call('XTRIM', KEYS[5], 'MINID', seq .. '-0')
return {'ok'}
