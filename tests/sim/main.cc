/*
 * sim: simulated runs of npsd, one per seed. Compares what npsd stores and publishes with a recount of the
 * records. Stops at the first seed with a violation and prints how to repeat it.
 */
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "world.h"

extern "C" {
#include "base/log.h"
}

namespace
{

struct Options {
	int64_t seed = 1, seeds = 100, steps = 12000, mutant = 0;
	bool verbose = false, help = false;
};

struct Option {
	const char *name, *argument, *text;
	int64_t Options::*number;
	bool Options::*flag;
};

const Option options[] = {
    {"--seeds", "N", "number of runs (100)", &Options::seeds, nullptr},
    {"--seed", "FIRST", "seed of the first run; each later run has the next one (1)", &Options::seed,
	nullptr},
    {"--steps", "N", "steps of the scheduler with faults, per run (12000)", &Options::steps, nullptr},
    {"--mutant", "N", "apply a mutant; success is that some seed finds it", &Options::mutant, nullptr},
    {"-v", "", "trace the scheduler on stdout, npsd's log on stderr", nullptr, &Options::verbose},
    {"--help", "", "print the options, mutants, faults and kinds of record", nullptr, &Options::help},
};

struct Sum {
	int64_t seeds = 0, violations = 0;
	sim::Outcome all;
};

} // namespace

static void print_usage(FILE *f)
{
	fprintf(f, "usage: sim [OPTION]...\n");
	for (auto &o : options)
		fprintf(f, "  %-8s %-5s  %s\n", o.name, o.argument, o.text);
}

static void print_help(FILE *f)
{
	print_usage(f);
	fprintf(f, "\nmutants:\n");
	for (int i = 1; i <= sim::mutants(); i++)
		fprintf(f, "  %2d  %s\n", i, sim::mutant_name(i));
	fprintf(f, "\nfaults: share of runs that have it, greatest chance per occasion\n");
#define FAULT(name, runs, chance, per, text)                                                                 \
	fprintf(f, "  %-16s %3.0f %%  %.4f per %-9s  %s\n", #name, 100 * (runs), chance, per, text);
#define DELAY(name, chance, per, text)                                                                       \
	fprintf(f, "  %-16s 100 %%  %.4f per %-9s  %s\n", #name, chance, per, text);
#include "draws.def"
	fprintf(f, "\nkinds of record: chance that a record ...\n");
#define RECORD(name, chance, text) fprintf(f, "  %-16s %.2f  %s\n", #name, chance, text);
#include "draws.def"
}

static bool parse(Options &out, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const Option *found = nullptr;
		char *end = nullptr;

		for (auto &o : options)
			if (strcmp(argv[i], o.name) == 0)
				found = &o;
		if (found && found->flag) {
			out.*(found->flag) = true;
			continue;
		}
		int64_t n = ++i < argc ? strtoll(argv[i], &end, 10) : 0;
		if (!found || !end || *end || n < 1)
			return false;
		out.*(found->number) = n;
	}
	return out.mutant <= sim::mutants();
}

static void add(Sum &sum, const sim::Outcome &o)
{
	sum.seeds++;
	sum.violations += !o.violation.empty();
	sum.all.steps += o.steps;
	sum.all.records += o.records;
	sum.all.commits += o.commits;
	sum.all.stored_checks += o.stored_checks;
	sum.all.key_checks += o.key_checks;
	sum.all.unknown_rounds += o.unknown_rounds;
	sum.all.transitions += o.transitions;
	for (size_t i = 0; i < o.faults.size(); i++)
		sum.all.faults[i] += o.faults[i];
	for (size_t i = 0; i < o.drawn.size(); i++)
		sum.all.drawn[i] += o.drawn[i];
	for (auto &h : o.happened)
		sum.all.happened[h.first] += h.second;
}

static void report(const Sum &sum)
{
	const sim::Outcome &s = sum.all;

	printf(
	    "%ld seeds, %ld steps, %ld violations\n", (long)sum.seeds, (long)s.steps, (long)sum.violations);
	printf(
	    "%ld records, %ld commits, %ld alerts\n", (long)s.records, (long)s.commits, (long)s.transitions);
	printf(
	    "compared with the recount: the stored state %ld times, published keys %ld times (%ld more of a "
	    "lost history)\n",
	    (long)s.stored_checks, (long)s.key_checks, (long)s.unknown_rounds);
	printf("faults injected:\n");
#define FAULT(name, runs, chance, per, text) printf("  " #name " %ld\n", (long)s.faults[sim::FAULT_##name]);
#define DELAY(name, chance, per, text) printf("  " #name " %ld\n", (long)s.faults[sim::FAULT_##name]);
#include "draws.def"
	printf("records drawn:\n");
#define RECORD(name, chance, text) printf("  " #name " %ld\n", (long)s.drawn[sim::DRAW_##name]);
#include "draws.def"
	printf("found at the end of the runs:\n");
	for (auto &h : s.happened)
		printf("  %s %ld\n", h.first.c_str(), (long)h.second);
}

/* Whether a hundred seeds or more had every fault, kind of record and outcome; otherwise they do not test it.
 */
static bool covers_all(const sim::Outcome &s)
{
	static const char *const all[] = {"counted", "duplicate", "late", "late:unknown_update",
	    "rejected:future", "rejected:no_kind", "rejected:no_location", "rejected:wrong_scale",
	    "ignored:tombstone", "effect:created", "effect:edited", "effect:withdrawn",
	    "effect:unknown withdrawn", "effect:revived", "horizon:moved", "effect:stages", "alert:raised",
	    "alert:changed", "alert:retracted", "ranks", "series"};
	bool covered = true;
	auto need = [&](const char *name, bool has) {
		if (!has)
			printf("no seed had `%s`\n", name);
		covered = covered && has;
	};

	for (const char *name : all)
		need(name, s.happened.count(name) > 0);
#define FAULT(name, runs, chance, per, text) need(#name, s.faults[sim::FAULT_##name] > 0);
#define DELAY(name, chance, per, text) need(#name, s.faults[sim::FAULT_##name] > 0);
#define RECORD(name, chance, text) need(#name, s.drawn[sim::DRAW_##name] > 0);
#include "draws.def"
	return covered;
}

static int finish(const Options &o, const Sum &sum)
{
	if (o.mutant) {
		printf("mutant %d (%s) was %s %ld seeds\n", (int)o.mutant, sim::mutant_name((int)o.mutant),
		    sum.violations ? "found after" : "not found in", (long)sum.seeds);
		return sum.violations ? 0 : 1;
	}
	report(sum);
	return sum.violations || (o.seeds >= 100 && !covers_all(sum.all)) ? 1 : 0;
}

int main(int argc, char **argv)
{
	Options o;
	Sum sum;

	if (!parse(o, argc, argv)) {
		print_usage(stderr);
		return 2;
	}
	if (o.help) {
		print_help(stdout);
		return 0;
	}
	npsd_log_level(o.verbose ? NPSD_LOG_INFO : NPSD_LOG_ERROR);
	for (int64_t i = 0; i < o.seeds && !sum.violations; i++) {
		long long seed = o.seed + i;
		sim::Outcome out = sim::World((uint64_t)seed, o.steps, (int)o.mutant, o.verbose).run();

		add(sum, out);
		if (out.violation.empty())
			continue;
		printf("seed %lld, step %ld: %s\n", seed, (long)out.steps, out.violation.c_str());
		if (!o.mutant)
			printf("repeat: sim --seed %lld --seeds 1 --steps %ld -v\n", seed, (long)o.steps);
	}
	return finish(o, sum);
}
