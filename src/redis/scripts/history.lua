-- KEYS: fence, dict, history:TP
-- ARGV: header, TP
-- {"ok", position or empty, sparse marks, {marks of the records counted last, and of those that were cut}}; docs/formats.md has the forms
local no = header_mismatch()
if no then return no end
local f = redis.call('HMGET', KEYS[1], 'pos:' .. ARGV[4], 'marks:' .. ARGV[4])
return {'ok', f[1] or '', f[2] or '', redis.call('LRANGE', KEYS[3], '0', '-1')}
