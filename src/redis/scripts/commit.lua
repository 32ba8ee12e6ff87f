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
	local len, next = redis.call('XLEN', key), int(tonumber(seq) + 1)
	if (len > 0) ~= (seq ~= '0') or #redis.call('XRANGE', key, next .. '-0', '+', 'COUNT', '1') > 0 then
		return redis.error_reply('ERR the log of shard ' .. k .. ' does not end where the fence says')
	end
	logs[i] = {key = key, len = len, seq = next, hash = redis.sha1hex(hash .. batch), deltas = ARGV[shards_at + 2 * i - 1]}
	fence[#fence + 1] = 'log:' .. k
	fence[#fence + 1] = logs[i].seq .. ' ' .. logs[i].hash
end

local sums = {{key = KEYS[3], add = cmsgpack.unpack(ARGV[7])}, {key = KEYS[4], add = cmsgpack.unpack(ARGV[8])}}
for _, sum in ipairs(sums) do
	want_type('hash', sum.key)
	local fields = {}
	for name in pairs(sum.add) do
		fields[#fields + 1] = name
	end
	for i, n in ipairs(#fields > 0 and redis.call('HMGET', sum.key, unpack(fields)) or {}) do
		if n and not string.match(n, '^-?%d+$') then
			return redis.error_reply('ERR ' .. fields[i] .. ' in ' .. sum.key .. ' is not an integer')
		end
	end
end
for i = 1, nparts do
	want_type('list', KEYS[5 + i])
end
local alerts = cmsgpack.unpack(ARGV[9])

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

-- What is written for the alerts: the entries {id, fields, alert}, and what the stream's trimming needs. The ids that `next_ids`
-- gives are greater than every id in the stream.
local function plan_alerts()
	local n, now, id = redis.call('XLEN', KEYS[5]), wall_ms(), next_ids()
	-- The stored size is void if the stream was deleted.
	local stored = n > 0 and redis.call('HGET', KEYS[1], 'alert_bytes') or '0'
	local plan = {n = n + #alerts, bytes = tonumber(stored)}
	for i, a in ipairs(alerts) do
		local fields = {'id', a[1], 'kind', a[2], 'severity', a[3], 'response_id', a[4], 'at_ms', a[5], 'source', a[6],
			'json', a[7]}
		if now > a[8] then
			fields[15], fields[16] = 'stale', '1'
		end
		for f = 2, #fields, 2 do
			plan.bytes = plan.bytes + #fields[f]
		end
		plan[i] = {id = id(), fields = fields, json = a[7], channels = now > a[8] and {} or a[9]}
	end
	return plan
end

-- Trims the stream to about alerts.keep entries and alerts.keep_bytes bytes. Returns its size in bytes, without its own
-- overhead, estimated from the share of the entries that stay.
local function trim(plan)
	local keep_bytes, most = tonumber(ARGV[11]), tonumber(ARGV[10])
	if plan.bytes > keep_bytes then
		most = math.min(most, math.floor(plan.n * keep_bytes / plan.bytes))
	end
	local gone = plan.n > most and redis.call('XTRIM', KEYS[5], 'MAXLEN', '~', int(most)) or 0
	return int(math.floor(plan.bytes * (plan.n - gone) / plan.n))
end

-- What is written of the marks of a batch: appended to the history of a partition, which drops its oldest pieces where the last
-- 4096 marks are kept without them. A mark that is dropped a minute or more after the newest sparse mark becomes one; the last
-- 60 of those are kept.
local function plan_marks(tp, key, marks)
	want_type('list', key)
	local total = tonumber(string.match(redis.call('LINDEX', key, '-1') or '0', '^%d+'))
		+ (#marks - string.find(marks, ' ', 1, true)) / 12
	local plan = {tp = tp, key = key, piece = int(total) .. ' ' .. marks, drop = 0}
	local dropped, first = nil, redis.call('LINDEX', key, '0')
	while first and total - tonumber(string.match(first, '^%d+')) >= 4096 do
		dropped, plan.drop = first, plan.drop + 1
		first = redis.call('LINDEX', key, int(plan.drop))
	end
	local from = dropped and string.match(dropped, '^%d+ (%d+) ')
	local sparse, now = redis.call('HGET', KEYS[1], 'marks:' .. tp) or '', wall_ms()
	if not from or now - tonumber(string.match(sparse, '(%d+);$') or '0') < 60000 then
		return plan
	end
	local a, b, c, d = string.byte(dropped, -12, -9)
	local hash = string.gsub(string.sub(dropped, -8), '.', function(byte)
		return string.format('%02x', string.byte(byte))
	end)
	sparse = sparse .. int(tonumber(from) + ((a * 256 + b) * 256 + c) * 256 + d) .. ' ' .. hash .. ' ' .. int(now) .. ';'
	if #string.gsub(sparse, '[^;]', '') > 60 then
		sparse = string.gsub(sparse, '^[^;]*;', '')
	end
	plan.sparse = sparse
	return plan
end

want_type('stream', KEYS[5])
local plan, marked = #alerts > 0 and plan_alerts() or {}, {}
for i = 1, nparts do
	if part(i).marks ~= '' then
		marked[#marked + 1] = plan_marks(part(i).tp, KEYS[5 + nparts + nshards + i], part(i).marks)
	end
end

-- From here on it writes, and no command fails: the types were looked at, and the handshake proved the rights.
local lengths = {}
for i, log in ipairs(logs) do
	redis.call('XADD', log.key, log.seq .. '-0', 'h', ARGV[1] .. ' ' .. ARGV[2] .. ' ' .. ARGV[3], 'b', batch, 'c', clock_ms,
		'x', log.hash, 'd', log.deltas)
	lengths[i] = log.len + 1
end
push('HSET', KEYS[1], fence)
for i = 1, nparts do
	local lines = {}
	for line in string.gmatch(part(i).rulings, '[^\n]+') do
		lines[#lines + 1] = line
	end
	push('RPUSH', KEYS[5 + i], lines)
end
for _, m in ipairs(marked) do
	redis.call('RPUSH', m.key, m.piece)
	redis.call('LTRIM', m.key, int(m.drop), '-1')
	if m.sparse then
		redis.call('HSET', KEYS[1], 'marks:' .. m.tp, m.sparse)
	end
end
for _, sum in ipairs(sums) do
	for name, n in pairs(sum.add) do
		redis.call('HINCRBY', sum.key, name, int(n))
	end
end
for _, entry in ipairs(plan) do
	redis.call('XADD', KEYS[5], entry.id, unpack(entry.fields))
	for _, channel in ipairs(entry.channels) do
		redis.call('PUBLISH', ARGV[4] .. channel, string.sub(entry.json, 1, -2) .. ',"stream_id":"' .. entry.id .. '"}')
	end
end
if #plan > 0 then
	redis.call('HSET', KEYS[1], 'alert_id', plan[#plan].id, 'alert_bytes', trim(plan))
end
return {'ok', 'written', lengths}
