#include "mutants.h"

#include <cstdio>
#include <cstdlib>
#include <string>

#include "redis_model.h"

namespace sim
{

struct Mutant {
	const char *name;
	enum npsd_script script;
	const char *from, *to; /* from NULL: not in a script */
};

static const Mutant all[] = {
    {"a commit looks at no claim", NPSD_S_commit, "if f[1] ~= claim then", "if false then"},
    {"a commit looks at no position", NPSD_S_commit, "if f[2] ~= pos then", "if false then"},
    {"a commit looks at no dictionary", NPSD_S_commit, "if len > stored or chain ~= ARGV[3] then",
	"if false then"},
    {"a claim is set whoever holds it", NPSD_S_claim, "or moved(tp, claim, pos)", ""},
    {"a dimension is never full", NPSD_S_admit, "count[dim] < cap", "true"},
    {"an older state may replace a newer one", NPSD_S_publish, "stored > rev", "false"},
    {"a snapshot need not fit the log", NPSD_S_manifest, "if x ~= hash then", "if false then"},
    {"a shard is taken without a new epoch", NPSD_S_shard_take,
	"local epoch = ", "local epoch = f[1] and tonumber(f[1]) or "},
    {"ledgers are not loaded when partitions are taken", NPSD_NSCRIPT, nullptr, nullptr},
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
	if (number == 0 || !all[number - 1].from)
		return;
	const Mutant &mutant = all[number - 1];
	if (!model_edit_script(m, mutant.script, mutant.from, mutant.to)) {
		fprintf(stderr, "mutant %d: the script does not hold `%s`\n", number, mutant.from);
		exit(2);
	}
}

bool mutant_forgets_ledger(int number)
{
	return number != 0 && !all[number - 1].from;
}

} // namespace sim
