/* sim: many runs, each of a seed; stops at the first in which something is not as it should be, and names the
 * seed. */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "world.h"

extern "C" {
#include "base/log.h"
}

namespace
{

struct Options {
	uint64_t seed = 1;
	int64_t seeds = 100, steps = 12000;
	int mutant = 0;
	bool verbose = false;
};

} // namespace

static int usage()
{
	fprintf(stderr, "usage: sim [--seeds N] [--seed FIRST] [--steps N] [--mutant N] [-v]\n"
			"  --mutant breaks something on purpose: success is that some seed finds it\n");
	for (int i = 1; i <= sim::mutants(); i++)
		fprintf(stderr, "  mutant %d: %s\n", i, sim::mutant_name(i));
	return 2;
}

static bool parse(Options &o, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		char *end = nullptr;
		long long n = i + 1 < argc ? strtoll(argv[i + 1], &end, 10) : 0;

		if (strcmp(argv[i], "-v") == 0) {
			o.verbose = true;
			continue;
		}
		if (!end || *end || n < 1)
			return false;
		if (strcmp(argv[i], "--seeds") == 0)
			o.seeds = n;
		else if (strcmp(argv[i], "--seed") == 0)
			o.seed = (uint64_t)n;
		else if (strcmp(argv[i], "--steps") == 0)
			o.steps = n;
		else if (strcmp(argv[i], "--mutant") == 0 && n <= sim::mutants())
			o.mutant = (int)n;
		else
			return false;
		i++;
	}
	return true;
}

static void add(sim::Outcome &sum, const sim::Outcome &o)
{
	sum.steps += o.steps;
	sum.records += o.records;
	sum.commits += o.commits;
	sum.stored_checks += o.stored_checks;
	sum.key_checks += o.key_checks;
	sum.unknown_rounds += o.unknown_rounds;
	sum.transitions += o.transitions;
	sum.crashes += o.crashes;
	sum.roll_backs += o.roll_backs;
	sum.cuts += o.cuts;
	sum.rebuilds += o.rebuilds;
	for (auto &h : o.happened)
		sum.happened[h.first] += h.second;
}

static void tell(const sim::Outcome &s, int64_t seeds)
{
	printf("%ld seeds without a difference: %ld steps, %ld records, %ld commits, %ld alerts; %ld "
	       "crashes, %ld roll-backs, %ld cuts, %ld rebuilds;\n"
	       "the stored state was recounted %ld times, a published key %ld times (%ld of a history that "
	       "was lost)\n",
	    (long)seeds, (long)s.steps, (long)s.records, (long)s.commits, (long)s.transitions,
	    (long)s.crashes, (long)s.roll_backs, (long)s.cuts, (long)s.rebuilds, (long)s.stored_checks,
	    (long)s.key_checks, (long)s.unknown_rounds);
	for (auto &h : s.happened)
		printf("  %s %ld\n", h.first.c_str(), (long)h.second);
}

/* What a hundred seeds must have met; where they have not, they show nothing of it. */
static bool met_all(const sim::Outcome &s)
{
	static const char *const all[] = {"counted", "duplicate", "late", "late:unknown_update",
	    "rejected:future", "rejected:no_kind", "rejected:no_location", "rejected:wrong_scale",
	    "ignored:tombstone", "turn:created", "turn:edited", "turn:withdrawn", "turn:unknown withdrawn",
	    "turn:revived", "horizons moved by memory", "turn:stages", "alert:raised", "alert:changed",
	    "alert:retracted", "ranks", "series"};
	bool met = true;

	for (const char *name : all)
		if (!s.happened.count(name)) {
			printf("in no seed there was any `%s`\n", name);
			met = false;
		}
	return met;
}

int main(int argc, char **argv)
{
	Options o;
	sim::Outcome sum = {};

	if (!parse(o, argc, argv))
		return usage();
	npsd_log_level(o.verbose ? NPSD_LOG_INFO : NPSD_LOG_ERROR);
	for (int64_t i = 0; i < o.seeds; i++) {
		uint64_t seed = o.seed + (uint64_t)i;
		sim::Outcome out = sim::World(seed, o.steps, o.mutant, o.verbose).run();

		add(sum, out);
		if (out.difference.empty())
			continue;
		printf("seed %llu, step %ld: %s\n", (unsigned long long)seed, (long)out.steps,
		    out.difference.c_str());
		if (o.mutant)
			printf("mutant %d (%s) was found after %ld seeds\n", o.mutant,
			    sim::mutant_name(o.mutant), (long)i + 1);
		else
			printf("again: sim --seed %llu --seeds 1 --steps %ld -v\n", (unsigned long long)seed,
			    (long)o.steps);
		return o.mutant ? 0 : 1;
	}
	if (o.mutant)
		printf("mutant %d (%s) was not found in %ld seeds\n", o.mutant, sim::mutant_name(o.mutant),
		    (long)o.seeds);
	else
		tell(sum, o.seeds);
	return o.mutant || (o.seeds >= 100 && !met_all(sum)) ? 1 : 0;
}
