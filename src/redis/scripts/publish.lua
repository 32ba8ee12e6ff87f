-- KEYS: a public hash that carries a rev
-- ARGV: rev, the rev that must be stored (as `scan` gave it) or `*` for any, then field, value ...
-- Replaces the hash, unless a newer rev is stored. A rev is EPOCH-SEQ-T in 13, 12 and 13 digits, and compares as text.
-- A stored rev of another form, or whose epoch is more than a day ahead of Redis's clock, is ignored. Without fields the
-- hash keeps only the rev, for a day.
-- {"ok", 1 written | 0 another rev is stored} {"refused", "rev", stored rev}
local key, rev, want = KEYS[1], ARGV[1], ARGV[2]
local foreign = is_foreign(key, 'hash')
local stored = not foreign and redis.call('HGET', key, 'rev') or ''
if want ~= '*' and want ~= stored then
	return {'ok', 0}
end
if #stored == 40 and stored > rev and string.match(stored, '^%d+%-%d+%-%d+$') and string.sub(stored, 14, 14) == '-'
	and string.sub(stored, 27, 27) == '-' and tonumber(string.sub(stored, 1, 13)) <= wall_ms() + 86400000 then
	return {'refused', 'rev', stored}
end
if not foreign then
	redis.call('HSET', key, 'rev', stored) -- what Redis may refuse comes before the deletion
end
redis.call('DEL', key)
if #ARGV == 2 then
	redis.call('HSET', key, 'rev', rev)
	redis.call('PEXPIRE', key, '86400000')
	return {'ok', 1}
end
ARGV[2] = rev
ARGV[1] = 'rev'
redis.call('HSET', key, unpack(ARGV))
return {'ok', 1}
