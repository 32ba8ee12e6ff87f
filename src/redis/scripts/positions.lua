-- KEYS: fence, dict
-- ARGV: header, number of shards, TP ...
-- {"ok", clock_ms, {position of each TP}, {`SEQ HASH` of each shard's log}}, empty texts if nothing is stored
local no = header_mismatch()
if no then return no end
local pos, logs = {}, {}
for i = 5, #ARGV do
	pos[i - 4] = redis.call('HGET', KEYS[1], 'pos:' .. ARGV[i]) or ''
end
for k = 1, tonumber(ARGV[4]) do
	logs[k] = redis.call('HGET', KEYS[1], 'log:' .. int(k - 1)) or ''
end
return {'ok', redis.call('HGET', KEYS[1], 'clock_ms') or '', pos, logs}
