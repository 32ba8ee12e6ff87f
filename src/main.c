/* npsd: survey events from Kafka to Net Promoter Score windows and detractor alerts in Redis. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "npsd/config.h"
#include "npsd/daemon.h"

#define MAX_SETS 128

static const char usage[] =
    "usage: npsd [--config FILE] [--set NAME=VALUE]... [--drain] [--check-config]\n"
    "            [--apply-config | --rebuild [--accept-loss]]\n"
    "\n"
    "  --config FILE      YAML; every option has a default\n"
    "  --set NAME=VALUE   overrides one option, after the file\n"
    "  --drain            stop with 0 once everything up to the end seen at start is counted and published\n"
    "  --check-config     read the configuration, say what is wrong, and stop\n"
    "  --apply-config     put a changed configuration in force, once; others that run with the older one "
    "stop\n"
    "  --rebuild          drop what was counted, and count anew from Kafka under the same keys\n"
    "  --accept-loss      rebuild also where Kafka does not hold all that was counted any more\n"
    "  --version          say the version and stop\n"
    "  --help             say this and all options, and stop\n"
    "\n"
    "exit codes: 0 done; 1 gave up on the outside world, or stopped in a drain; 2 usage or configuration;\n"
    "            70 an assertion of its own\n";

struct arguments {
	const char *file;
	const char *set[MAX_SETS];
	int nsets;
	bool check;
	struct npsd_daemon_wish wish;
	int code; /* -1: go on */
};

static void print_help(void)
{
	char *manual = npsd_config_help();

	printf("%s\n%s", usage, manual);
	free(manual);
}

/* What no option alone shows; rest is the first word that is none. */
static bool make_sense(const struct arguments *a, const char *rest)
{
	if (rest)
		fprintf(stderr, "npsd: what is `%s`?\n%s", rest, usage);
	else if (a->wish.rebuild && a->wish.apply_config)
		fputs("npsd: --rebuild puts the configuration in force, too: not with --apply-config\n",
		    stderr);
	else if (a->wish.accept_loss && !a->wish.rebuild)
		fputs("npsd: --accept-loss goes with --rebuild\n", stderr);
	else
		return true;
	return false;
}

static struct arguments parse(int argc, char **argv)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"set", required_argument, NULL, 's'},
	    {"drain", no_argument, NULL, 'd'},
	    {"check-config", no_argument, NULL, 'k'},
	    {"apply-config", no_argument, NULL, 'a'},
	    {"rebuild", no_argument, NULL, 'r'},
	    {"accept-loss", no_argument, NULL, 'l'},
	    {"version", no_argument, NULL, 'v'},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};
	struct arguments a = {.code = -1};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			a.file = optarg;
			break;
		case 's':
			if (a.nsets == MAX_SETS) {
				fprintf(stderr, "npsd: --set: at most %d\n", MAX_SETS);
				a.code = 2;
				return a;
			}
			a.set[a.nsets++] = optarg;
			break;
		case 'd':
			a.wish.drain = true;
			break;
		case 'a':
			a.wish.apply_config = true;
			break;
		case 'r':
			a.wish.rebuild = true;
			break;
		case 'l':
			a.wish.accept_loss = true;
			break;
		case 'k':
			a.check = true;
			break;
		case 'v':
			printf("npsd %s\n", NPSD_VERSION);
			a.code = 0;
			return a;
		case 'h':
			print_help();
			a.code = 0;
			return a;
		default:
			fputs(usage, stderr);
			a.code = 2;
			return a;
		}
	}
	if (!make_sense(&a, optind < argc ? argv[optind] : NULL))
		a.code = 2;
	return a;
}

int main(int argc, char **argv)
{
	struct arguments a = parse(argc, argv);
	struct npsd_config *cfg = NULL;
	struct npsd_err err = {0};
	int code;

	if (a.code >= 0)
		return a.code;
	if (!npsd_config_load(&cfg, &err, a.file, a.set, a.nsets) || !npsd_daemon_check(cfg, &err)) {
		fprintf(stderr, "npsd: %s\n", err.text);
		npsd_config_free(&cfg);
		return 2;
	}
	if (a.check) {
		printf("the configuration is good\n");
		npsd_config_free(&cfg);
		return 0;
	}
	npsd_log_level((enum npsd_level)cfg->log_level);
	code = npsd_daemon_run(cfg, &a.wish);
	npsd_config_free(&cfg);
	return code;
}
