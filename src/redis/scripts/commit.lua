-- KEYS: fence, dict, totals, meta, alerts stream, rulings:TP of each partition, log:K of each shard, history:TP of each
--       partition
-- ARGV: header; 4 `PFX:alerts:`; 5 wall clock of the batch in ms; 6 its event clock or empty; 7 totals and 8 meta (msgpack
--       maps of what to add); 9 alerts (msgpack array); 10 alerts.keep; 11 alerts.keep_bytes; 12 number of partitions;
--       for each: TP, claim, position that the batch follows, its end, state, first_ms or empty, rulings (lines),
--       marks of its last records (`FROM ` and packed ones) or empty;
--       for each shard, ascending: K, deltas (msgpack array)
-- {"ok", "written", {entries in each shard's log}}; {"ok", "stored"} if this batch was stored by an earlier call
-- {"refused", "claim" | "position", TP, stored claim, stored position} or the header's refusals
local FIRST = 13
local nparts = tonumber(ARGV[12])
local shards_at = FIRST + 8 * nparts
local nshards = (#ARGV + 1 - shards_at) / 2

local function part(i)
	local at = FIRST + 8 * (i - 1)
	return {tp = ARGV[at], claim = ARGV[at + 1], from = ARGV[at + 2], to = ARGV[at + 3], state = ARGV[at + 4],
		first_ms = ARGV[at + 5], rulings = ARGV[at + 6], marks = ARGV[at + 7]}
end

local no = header_mismatch()
local repeated = true
for i = 1, nparts do
	local p = part(i)
	repeated = repeated and not fence_mismatch(p.tp, p.claim, p.to)
end
if not no and repeated then
	return {'ok', 'stored'}
end
for i = 1, nparts do
	local p = part(i)
	no = no or fence_mismatch(p.tp, p.claim, p.from)
end
if no then return no end

local clock_ms, since_ms = redis.call('HGET', KEYS[1], 'clock_ms') or '', redis.call('HGET', KEYS[1], 'since_ms') or '0'
if clock_ms == '' or (ARGV[6] ~= '' and tonumber(ARGV[6]) > tonumber(clock_ms)) then
	clock_ms = ARGV[6]
end

-- The new fields of the fence, and the name of this batch.
local fence, names = {}, {}
for i = 1, nparts do
	local p = part(i)
	fence[#fence + 1] = 'pos:' .. p.tp
	fence[#fence + 1] = p.to
	fence[#fence + 1] = 'state:' .. p.tp
	fence[#fence + 1] = p.state
	names[i] = p.tp .. ' ' .. p.claim .. ' ' .. p.to
	if p.first_ms ~= '' and tonumber(p.first_ms) > tonumber(since_ms) then
		since_ms = p.first_ms
	end
end
fence[#fence + 1] = 'since_ms'
fence[#fence + 1] = since_ms
if clock_ms ~= '' then
	fence[#fence + 1] = 'clock_ms'
	fence[#fence + 1] = clock_ms
end
local batch = table.concat(names, ';')

-- The new end of each shard's log.
local logs = {}
for i = 1, nshards do
	local k = ARGV[shards_at + 2 * (i - 1)]
	local stored = redis.call('HGET', KEYS[1], 'log:' .. k)
	local seq, hash = string.match(stored or '0 ', '^(%d+) (%x*)$')
	local key = KEYS[5 + nparts + i]
	if (redis.call('EXISTS', key) == 1) ~= (seq ~= '0') then
		return redis.error_reply('ERR the log of shard ' .. k .. ' does not end where the fence says')
	end
	logs[i] = {key = key, seq = int(tonumber(seq) + 1), hash = redis.sha1hex(hash .. batch), deltas = ARGV[shards_at + 2 * i - 1]}
	fence[#fence + 1] = 'log:' .. k
	fence[#fence + 1] = logs[i].seq .. ' ' .. logs[i].hash
end

local sums = {{key = KEYS[3], add = cmsgpack.unpack(ARGV[7])}, {key = KEYS[4], add = cmsgpack.unpack(ARGV[8])}}
local alerts = cmsgpack.unpack(ARGV[9])
if #alerts > 0 then
	local kind = redis.call('TYPE', KEYS[5]).ok
	if kind ~= 'none' and kind ~= 'stream' then
		return redis.error_reply('ERR the key of the alerts is not a stream')
	end
end

-- Returns a function that gives the next entry id. Ids rise even if a clock goes back: each is greater than the last one in
-- the fence and in the stream. Their time is at least the batch's clock and that of Redis.
local function next_ids()
	local last = redis.call('HGET', KEYS[1], 'alert_id') or '0-0'
	local top = redis.call('XREVRANGE', KEYS[5], '+', '-', 'COUNT', '1')[1]
	local ms, seq = string.match(last, '^(%d+)-(%d+)$')
	ms, seq = tonumber(ms), tonumber(seq)
	if top then
		local top_ms, top_seq = string.match(top[1], '^(%d+)-(%d+)$')
		top_ms, top_seq = tonumber(top_ms), tonumber(top_seq)
		if top_ms > ms or (top_ms == ms and top_seq > seq) then
			ms, seq = top_ms, top_seq
		end
	end
	local now = math.max(wall_ms(), tonumber(ARGV[5]))
	if now > ms then
		ms, seq = now, -1
	end
	return function()
		seq = seq + 1
		return int(ms) .. '-' .. int(seq)
	end
end

-- Appends one alert to the stream, and sends it to its channels unless it is stale. Returns its size in bytes, without
-- the stream's own overhead.
local function emit(a, id, now)
	local json, fields = a[7], {'id', a[1], 'kind', a[2], 'severity', a[3], 'response_id', a[4], 'at_ms', a[5],
		'source', a[6], 'json', a[7]}
	if now > a[8] then
		fields[15], fields[16] = 'stale', '1'
	end
	redis.call('XADD', KEYS[5], id, unpack(fields))
	if now <= a[8] then
		json = string.sub(json, 1, -2) .. ',"stream_id":"' .. id .. '"}'
		for _, channel in ipairs(a[9]) do
			redis.call('PUBLISH', ARGV[4] .. channel, json)
		end
	end
	local size = 0
	for i = 2, #fields, 2 do
		size = size + #fields[i]
	end
	return size
end

-- Trims the stream to about alerts.keep entries and alerts.keep_bytes bytes; `bytes` is its size before. Returns the size
-- after, estimated from the share of the entries that stay.
local function trim(bytes)
	local keep, keep_bytes, n = tonumber(ARGV[10]), tonumber(ARGV[11]), redis.call('XLEN', KEYS[5])
	local most = keep
	if bytes > keep_bytes then
		most = math.min(keep, math.floor(n * keep_bytes / bytes))
	end
	if n > most then
		redis.call('XTRIM', KEYS[5], 'MAXLEN', '~', int(most))
		bytes = bytes * redis.call('XLEN', KEYS[5]) / n
	end
	return int(math.floor(bytes))
end

-- Appends the marks of a batch to the history of a partition, and drops the oldest where the last 4096 are kept without them.
-- What is dropped a minute or more after the newest sparse mark leaves one; the last 60 of those are kept.
local function remember(tp, key, marks)
	local last, first, dropped = redis.call('LINDEX', key, '-1'), nil, nil
	local total = tonumber(string.match(last or '0', '^%d+')) + (#marks - string.find(marks, ' ', 1, true)) / 12
	redis.call('RPUSH', key, int(total) .. ' ' .. marks)
	while true do
		first = redis.call('LINDEX', key, '0')
		if total - tonumber(string.match(first, '^%d+')) < 4096 then
			break
		end
		dropped = first
		redis.call('LTRIM', key, '1', '-1')
	end
	local from = dropped and string.match(dropped, '^%d+ (%d+) ')
	if not from then
		return
	end
	local sparse, now = redis.call('HGET', KEYS[1], 'marks:' .. tp) or '', wall_ms()
	if now - tonumber(string.match(sparse, '(%d+);$') or '0') < 60000 then
		return
	end
	local a, b, c, d = string.byte(dropped, -12, -9)
	local hash = string.gsub(string.sub(dropped, -8), '.', function(byte)
		return string.format('%02x', string.byte(byte))
	end)
	sparse = sparse .. int(tonumber(from) + ((a * 256 + b) * 256 + c) * 256 + d) .. ' ' .. hash .. ' ' .. int(now) .. ';'
	if #string.gsub(sparse, '[^;]', '') > 60 then
		sparse = string.gsub(sparse, '^[^;]*;', '')
	end
	redis.call('HSET', KEYS[1], 'marks:' .. tp, sparse)
end

local lengths = {}
for i, log in ipairs(logs) do
	redis.call('XADD', log.key, log.seq .. '-0', 'h', ARGV[1] .. ' ' .. ARGV[2] .. ' ' .. ARGV[3], 'b', batch, 'c', clock_ms,
		'x', log.hash, 'd', log.deltas)
	lengths[i] = redis.call('XLEN', log.key)
end
push('HSET', KEYS[1], fence)
for i = 1, nparts do
	local lines = {}
	for line in string.gmatch(part(i).rulings, '[^\n]+') do
		lines[#lines + 1] = line
	end
	push('RPUSH', KEYS[5 + i], lines)
	if part(i).marks ~= '' then
		remember(part(i).tp, KEYS[5 + nparts + nshards + i], part(i).marks)
	end
end
for _, sum in ipairs(sums) do
	for name, n in pairs(sum.add) do
		redis.call('HINCRBY', sum.key, name, int(n))
	end
end
if #alerts > 0 then
	-- The stored size is void if the stream was deleted.
	local stored = redis.call('XLEN', KEYS[5]) > 0 and redis.call('HGET', KEYS[1], 'alert_bytes') or '0'
	local id, now, bytes, last = next_ids(), wall_ms(), tonumber(stored), nil
	for _, a in ipairs(alerts) do
		last = id()
		bytes = bytes + emit(a, last, now)
	end
	redis.call('HSET', KEYS[1], 'alert_id', last, 'alert_bytes', trim(bytes))
end
return {'ok', 'written', lengths}
