-- KEYS: fence, dict, totals, meta, lost
-- ARGV: header
-- {"ok", wall_ms, fence, totals, meta, lost}: the first three lists of field, value, ...; lost the lost ranges
local no = header_mismatch()
if no then return no end
return {'ok', int(wall_ms()), redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[3]),
	redis.call('HGETALL', KEYS[4]), redis.call('LRANGE', KEYS[5], '0', '-1')}
