-- KEYS: an orphan: a public key that no process writes any more
-- ARGV: its rev as an earlier call gave it (empty: it has none), or `?`, which is none
-- {"ok", 1 removed | 0 another rev is stored, stored rev or empty}
local stored = is_foreign(KEYS[1], 'hash') and '' or redis.call('HGET', KEYS[1], 'rev') or ''
if stored ~= ARGV[1] then
	return {'ok', 0, stored}
end
redis.call('DEL', KEYS[1])
return {'ok', 1, stored}
