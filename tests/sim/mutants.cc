#include "mutants.h"

#include <cstdio>
#include <cstdlib>
#include <string>

#include "mutant_decide.h"
#include "redis_model.h"

namespace sim
{

struct Mutant {
	const char *name;
	enum npsd_script script;
	const char *from, *to; /* from NULL: not in a script */
	enum mutant_decide decide;
	void (*suit)(Setup &) = nullptr; /* makes a rare situation likely that the mutant needs */
};

/* Two owners of partitions write to the log of a shard while one of them often makes a snapshot of it. */
static void suit_snapshots(Setup &s)
{
	s.instances = 2;
	s.partitions = 4;
	s.shards = 1;
	s.snapshot_interval_ms = 100;
	s.batch_age_ms = 1;
}

/* Topics that are cut have one partition. */
static void suit_cuts(Setup &s)
{
	s.partitions = 1;
	s.history_interval_ms = 500;
}

static const Mutant all[] = {
    {"a commit compares no claim", NPSD_S_commit, "if f[1] ~= claim then", "if false then",
	MUTANT_DECIDE_NONE},
    {"a commit compares no position", NPSD_S_commit, "if f[2] ~= pos then", "if false then",
	MUTANT_DECIDE_NONE},
    {"a commit compares no dictionary", NPSD_S_commit, "if len > stored or chain ~= ARGV[3] then",
	"if false then", MUTANT_DECIDE_NONE},
    {"a claim is set without comparing the stored one", NPSD_S_claim, "or fence_mismatch(tp, claim, pos)", "",
	MUTANT_DECIDE_NONE},
    {"a dimension is never full", NPSD_S_admit, "count[dim] < cap", "true", MUTANT_DECIDE_NONE},
    {"an older state may replace a newer one", NPSD_S_publish, "stored > rev", "false", MUTANT_DECIDE_NONE},
    {"a snapshot need not match the log", NPSD_S_manifest, "if x ~= hash then", "if false then",
	MUTANT_DECIDE_NONE, suit_snapshots},
    {"a shard is acquired without a new epoch", NPSD_S_shard_acquire,
	"local epoch = ", "local epoch = f[1] and tonumber(f[1]) or ", MUTANT_DECIDE_NONE},
    {"ledgers are not loaded when partitions are acquired", NPSD_NSCRIPT, nullptr, nullptr,
	MUTANT_DECIDE_NONE},
    {"a revived response keeps its earlier event time", NPSD_NSCRIPT, nullptr, nullptr, MUTANT_DECIDE_TIME},
    {"a second retraction does not update revision and time", NPSD_NSCRIPT, nullptr, nullptr,
	MUTANT_DECIDE_ORDER},
    {"a duplicate extends how long an entry is known", NPSD_NSCRIPT, nullptr, nullptr, MUTANT_DECIDE_MEMORY},
    {"an invitation remembers its last stage only", NPSD_NSCRIPT, nullptr, nullptr, MUTANT_DECIDE_STAGES},
    {"a stale alert is published", NPSD_S_commit, "now > a[8] and {} or a[9]", "a[9]", MUTANT_DECIDE_NONE},
    {"a rebuild forgets which alerts were emitted", NPSD_S_rebuild, "'told:' .. p.tp, p.told)",
	"'told:' .. p.tp, '0:0')", MUTANT_DECIDE_NONE},
    {"a rank is deleted because of an error", NPSD_S_rank,
	"redis.call('ZADD', key, unpack(ARGV, 2, set + 1))",
	"if type(redis.pcall('ZADD', key, unpack(ARGV, 2, set + 1))) == 'table' then redis.call('DEL', key) "
	"end",
	MUTANT_DECIDE_NONE},
    {"a public key is created without being registered", NPSD_S_round, "push('SADD', KEYS[4], more)", "",
	MUTANT_DECIDE_NONE},
    {"a topic is always the one that was counted", NPSD_S_history, "redis.call('LRANGE', KEYS[3], '0', '-1')",
	"{}", MUTANT_DECIDE_NONE, suit_cuts},
    {"a record that comes again after a cut is counted again", NPSD_S_skip, "for i = 9, #ARGV do",
	"for i = 9, 8 do", MUTANT_DECIDE_NONE, suit_cuts},
    {"a topic that was cut is counted on from its end", NPSD_S_skip, "'pos:' .. tp, to)",
	"'pos:' .. tp, reason == 'truncated' and to_inc .. ':' .. from or to)", MUTANT_DECIDE_NONE,
	suit_cuts},
};

int mutants()
{
	return (int)(sizeof all / sizeof *all);
}

const char *mutant_name(int number)
{
	return all[number - 1].name;
}

void mutate(struct ::model *m, int number)
{
	mutant_decide(number == 0 ? MUTANT_DECIDE_NONE : all[number - 1].decide);
	if (number == 0 || !all[number - 1].from)
		return;
	const Mutant &mutant = all[number - 1];
	if (!model_edit_script(m, mutant.script, mutant.from, mutant.to)) {
		fprintf(stderr, "mutant %d: the script does not hold `%s`\n", number, mutant.from);
		exit(2);
	}
}

Setup suited(Setup setup, int number)
{
	if (number != 0 && all[number - 1].suit)
		all[number - 1].suit(setup);
	return setup;
}

bool mutant_forgets_ledger(int number)
{
	return number != 0 && !all[number - 1].from && all[number - 1].decide == MUTANT_DECIDE_NONE;
}

} // namespace sim
