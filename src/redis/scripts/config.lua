-- KEYS: fence, dict, config
-- ARGV: header, which is not compared
-- {"ok", hash of the configuration in force or empty, event clock or empty, TIME in ms, highest t_ms of a manifest or empty,
--  {hash, text, ...} of every configuration that was ever in force}
local f = redis.call('HMGET', KEYS[1], 'config', 'clock_ms')
return {'ok', f[1] or '', f[2] or '', int(wall_ms()), highest_t(), redis.call('HGETALL', KEYS[3])}
