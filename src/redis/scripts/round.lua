-- KEYS: fence, dict, rounds:K
-- ARGV: header, K, epoch, rev of the round, `HASH POSITIONS`, rev before which records are deleted, or empty
-- Writes the record of a round before its first public key, so that a recount knows what each key must hold.
-- {"ok", dict_len}
-- {"refused", "epoch", stored epoch or empty} or the header's refusals
local no = header_mismatch()
if no then return no end
local epoch = redis.call('HGET', KEYS[1], 'epoch:' .. ARGV[4]) or ''
if epoch ~= ARGV[5] then
	return {'refused', 'epoch', epoch}
end
local len = redis.call('HGET', KEYS[1], 'dict_len') or '0'
if ARGV[8] ~= '' then
	for _, rev in ipairs(redis.call('HKEYS', KEYS[3])) do
		if rev < ARGV[8] then
			redis.call('HDEL', KEYS[3], rev)
		end
	end
end
redis.call('HSET', KEYS[3], ARGV[6], ARGV[7])
return {'ok', len}
