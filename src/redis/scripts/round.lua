-- KEYS: fence, dict, rounds:K, keys:K
-- ARGV: header, K, epoch, rev of the round, `HASH POSITIONS`, rev before which records are deleted, or empty; then `+NAME`
--       of each public key that is to be registered, `-NAME` of each that is to be forgotten
-- Writes the record of a round before its first public key, so that a recount knows what each key must hold; and registers
-- the keys that the round may create.
-- {"ok", dict_len}
-- {"refused", "epoch", stored epoch or empty} or the header's refusals
local no = header_mismatch() or epoch_mismatch(ARGV[4], ARGV[5])
if no then return no end
local more, less = {}, {}
for i = 9, #ARGV do
	local list = string.sub(ARGV[i], 1, 1) == '+' and more or less
	list[#list + 1] = string.sub(ARGV[i], 2)
end
local len = redis.call('HGET', KEYS[1], 'dict_len') or '0'
local revs = ARGV[8] ~= '' and redis.call('HKEYS', KEYS[3]) or {}
want_type('set', KEYS[4])
redis.call('HSET', KEYS[3], ARGV[6], ARGV[7])
push('SREM', KEYS[4], less)
push('SADD', KEYS[4], more) -- last: a name that is in both stays
for _, rev in ipairs(revs) do
	if rev < ARGV[8] then
		redis.call('HDEL', KEYS[3], rev)
	end
end
return {'ok', len}
