-- KEYS: fence, dict, history:TP
-- ARGV: header, TP
-- {"ok", sparse marks, {marks of the records counted last, and of those that were cut}}; docs/formats.md has the forms
local no = header_mismatch()
if no then return no end
return {'ok', redis.call('HGET', KEYS[1], 'marks:' .. ARGV[4]) or '', redis.call('LRANGE', KEYS[3], '0', '-1')}
