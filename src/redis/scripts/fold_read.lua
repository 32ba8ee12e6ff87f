-- KEYS: fence, dict, log:K ...
-- ARGV: header, most entries, most bytes, and for each log: K, and SEQ and HASH of the last entry applied (0 and empty: none)
-- {"ok", time_ms, clock_ms, {a shard, as below, for each log}, since_ms, lost_ms}
-- shard: {epoch, `SEQ HASH` of the log's end, "1" if the log was read, else "", {entry ...}}; entry: {SEQ, h, b, c, x, d}.
-- A log is read from SEQ on, inclusive: its first entry is the last one applied, without h, b, c and d. A log is not read if
-- it ends with the last entry applied, or if no entries or bytes are left.
local no = header_mismatch()
if no then return no end
local count, bytes = tonumber(ARGV[4]), tonumber(ARGV[5])

local function entry_of(raw, bare)
	local seq, f = string.match(raw[1], '^(%d+)-0$'), {}
	for i = 1, #raw[2], 2 do
		f[raw[2][i]] = raw[2][i + 1]
	end
	if bare then
		return {seq or '', '', '', '', f.x or '', ''}
	end
	bytes = bytes - #(f.h or '') - #(f.b or '') - #(f.d or '')
	count = count - 1
	return {seq or '', f.h or '', f.b or '', f.c or '', f.x or '', f.d or ''}
end

local function read(key, seq)
	local out, from = {}, seq
	while count > 0 and bytes > 0 do
		local raw = redis.call('XRANGE', key, from .. '-0', '+', 'COUNT', '4')
		for i = 1, #raw do
			out[#out + 1] = entry_of(raw[i], #out == 0 and seq ~= '0')
		end
		if #raw < 4 or out[#out][1] == '' then
			break
		end
		from = int(tonumber(out[#out][1]) + 1)
	end
	return out
end

local shards = {}
for i = 3, #KEYS do
	local k, seq, hash = ARGV[3 * i - 3], ARGV[3 * i - 2], ARGV[3 * i - 1]
	local f = redis.call('HMGET', KEYS[1], 'epoch:' .. k, 'log:' .. k)
	local same = f[2] == seq .. ' ' .. hash or (not f[2] and seq == '0')
	local looked = not same and count > 0 and bytes > 0
	shards[#shards + 1] = {f[1] or '', f[2] or '', looked and '1' or '', looked and read(KEYS[i], seq) or {}}
end
local f = redis.call('HMGET', KEYS[1], 'clock_ms', 'since_ms', 'lost_ms')
return {'ok', int(wall_ms()), f[1] or '', shards, f[2] or '', f[3] or ''}
