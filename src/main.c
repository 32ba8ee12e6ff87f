/* npsd: survey events from Kafka; Net Promoter Score windows and detractor alerts to Redis. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "npsd/config.h"
#include "npsd/daemon.h"
#include "npsd/probe.h"

#define MAX_SETS 128

static const char usage[] =
    "usage: npsd [--config FILE] [--set NAME=VALUE]... [--drain]\n"
    "            [--check-config [--connect]] [--apply-config | --rebuild [--accept-loss]]\n"
    "\n"
    "  --config FILE      read this YAML file; every option has a default\n"
    "  --set NAME=VALUE   override one option of the file\n"
    "  --drain            exit with 0 when all records up to the end of the topics at start are published\n"
    "  --check-config     check the configuration and exit\n"
    "  --connect          with --check-config: also try Kafka, Redis, rights, keys and the newest records; "
    "write\n"
    "                     nothing; exit with 1 if an error is found\n"
    "  --apply-config     replace the stored configuration by this one; other instances must be restarted\n"
    "                     with it\n"
    "  --rebuild          discard all counts and count the records in Kafka again, under the same keys\n"
    "  --accept-loss      rebuild even if Kafka has deleted records that were counted\n"
    "  --version          print the version and exit\n"
    "  --help             print this help and all options, and exit\n"
    "\n"
    "exit codes: 0 success; 1 Kafka or Redis failed for good, or --drain ended before all was counted;\n"
    "            2 wrong usage or configuration; 70 an internal error (failed assertion)\n";

struct arguments {
	const char *file;
	const char *set[MAX_SETS];
	int nsets;
	bool check, connect;
	struct npsd_daemon_wish wish;
};

static void print_help(void)
{
	char *manual = npsd_config_help();

	printf("%s\n%s", usage, manual);
	free(manual);
}

/* Checks that concern more than one option; rest is the first word that is not an option. */
static bool check_arguments(const struct arguments *a, const char *rest)
{
	if (rest)
		fprintf(stderr, "npsd: unexpected argument `%s`\n%s", rest, usage);
	else if (a->wish.rebuild && a->wish.apply_config)
		fputs(
		    "npsd: --rebuild also applies the configuration; do not combine it with --apply-config\n",
		    stderr);
	else if (a->wish.accept_loss && !a->wish.rebuild)
		fputs("npsd: --accept-loss requires --rebuild\n", stderr);
	else if (a->connect && !a->check)
		fputs("npsd: --connect requires --check-config\n", stderr);
	else
		return true;
	return false;
}

/* Returns the exit code, or -1 to continue. */
static int parse(struct arguments *a, int argc, char **argv)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"set", required_argument, NULL, 's'},
	    {"drain", no_argument, NULL, 'd'},
	    {"check-config", no_argument, NULL, 'k'},
	    {"connect", no_argument, NULL, 'n'},
	    {"apply-config", no_argument, NULL, 'a'},
	    {"rebuild", no_argument, NULL, 'r'},
	    {"accept-loss", no_argument, NULL, 'l'},
	    {"version", no_argument, NULL, 'v'},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			a->file = optarg;
			break;
		case 's':
			if (a->nsets == MAX_SETS) {
				fprintf(stderr, "npsd: more than %d times --set\n", MAX_SETS);
				return 2;
			}
			a->set[a->nsets++] = optarg;
			break;
		case 'd':
			a->wish.drain = true;
			break;
		case 'a':
			a->wish.apply_config = true;
			break;
		case 'r':
			a->wish.rebuild = true;
			break;
		case 'l':
			a->wish.accept_loss = true;
			break;
		case 'k':
			a->check = true;
			break;
		case 'n':
			a->connect = true;
			break;
		case 'v':
			printf("npsd %s\n", NPSD_VERSION);
			return 0;
		case 'h':
			print_help();
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	return check_arguments(a, optind < argc ? argv[optind] : NULL) ? -1 : 2;
}

int main(int argc, char **argv)
{
	struct arguments a = {0};
	struct npsd_config *cfg = NULL;
	struct npsd_err err = {0};
	int code = parse(&a, argc, argv);

	if (code >= 0)
		return code;
	if (!npsd_config_load(&cfg, &err, a.file, a.set, a.nsets) || !npsd_daemon_check(cfg, &err)) {
		fprintf(stderr, "npsd: %s\n", err.text);
		npsd_config_free(&cfg);
		return 2;
	}
	if (a.check) {
		code = a.connect ? npsd_probe_run(cfg) : (printf("the configuration is valid\n"), 0);
		npsd_config_free(&cfg);
		return code;
	}
	npsd_log_level((enum npsd_level)cfg->log_level);
	a.wish.file = a.file;
	a.wish.sets = a.set;
	a.wish.nsets = a.nsets;
	code = npsd_daemon_run(cfg, &a.wish);
	npsd_config_free(&cfg);
	return code;
}
