-- KEYS: a scratch key
-- ARGV: a scratch channel, then each command with its arguments, separated by spaces; KEY and CHANNEL stand for the two
-- Runs each command and deletes the key. A server that can check a right without running the command does so for PUBLISH, so
-- that no subscriber hears it.
-- {rules of the ACL that the user lacks: `+command`, `keys`, `channels`}
local missing, seen = {}, {}

local function lacks(rule)
	if not seen[rule] then
		seen[rule] = true
		missing[#missing + 1] = rule
	end
end

-- The server's word for a refusal differs by version: 6.2 and 7.0 have no NOPERM in a script.
local function rule_of(text, command)
	text = string.lower(text)
	if string.find(text, 'unknown', 1, true) then -- renamed
		return '+' .. command
	end
	if not (string.find(text, 'acl', 1, true) or string.find(text, 'noperm', 1, true)
		or string.find(text, 'user executing the script', 1, true)) then
		return nil
	end
	if string.find(text, 'channel', 1, true) then
		return 'channels'
	end
	return (string.find(text, 'a key', 1, true) or string.find(text, 'the keys', 1, true)) and 'keys' or '+' .. command
end

local function run(words)
	if words[1] == 'publish' and redis.acl_check_cmd and redis.acl_check_cmd(unpack(words)) then
		return {}
	end
	return redis.pcall(unpack(words))
end

for i = 2, #ARGV do
	local words = {}
	for word in string.gmatch(ARGV[i], '%S+') do
		words[#words + 1] = word == 'KEY' and KEYS[1] or word == 'CHANNEL' and ARGV[1] or word
	end
	local reply = run(words)
	local rule = type(reply) == 'table' and reply.err and rule_of(reply.err, words[1])
	if rule then
		lacks(rule)
	end
end
redis.pcall('DEL', KEYS[1])
return missing
