-- KEYS: fence, dict
-- ARGV: header, and for each partition held: TP, claim, position
-- {"ok"} or the first that is not so: {"refused", "claim" | "position", TP, stored claim, stored position}
local no = header_mismatch()
for i = 4, #ARGV, 3 do
	no = no or fence_mismatch(ARGV[i], ARGV[i + 1], ARGV[i + 2])
end
return no or {'ok'}
