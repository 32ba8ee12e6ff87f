/* npsctl: shows what npsd publishes in Redis. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/nearest.h"

#define MAX_SETS 64

static const char usage[] =
    "usage: npsctl [--config FILE] [--set NAME=VALUE]... [--json] COMMAND\n"
    "\n"
    "  get SEGMENT [WINDOW]            show the windows of a segment: get kind=transactional,location=north\n"
    "  top DIMENSION [WINDOW] [--kind KIND] [--count N] [--lowest]\n"
    "                                  rank the values of a dimension by the lower bound of their NPS, 20\n"
    "                                  by default: top channel, top location/1 (first level of locations)\n"
    "  alerts [--count N] [--follow]   show the last alerts, 20 by default; --follow waits for new ones, "
    "also\n"
    "                                  while Redis is away\n"
    "  status                          show whether npsd is alive, and what it counted and rejected\n"
    "  check-event [--topic TOPIC] FILE|-\n"
    "                                  show how npsd reads an event, or one event per line, or why it is\n"
    "                                  rejected; uses the defaults of TOPIC, or of the first topic\n"
    "                                  by name; connects to no server\n"
    "\n"
    "  --config, --set   the configuration of npsd: the Redis server, the prefix of the keys\n"
    "  --json            print one JSON object per line\n"
    "\n"
    "exit codes: 0 success; 1 the key does not exist, or (status) the heartbeat is older than 30 s, or\n"
    "            (check-event) an event is rejected; 2 wrong usage or configuration; 3 Redis is not\n"
    "            reachable or returned an error\n";

static int fail_usage(void)
{
	fputs(usage, stderr);
	return CTL_USAGE;
}

struct command {
	const char *name;
	int (*call)(struct ctl *c);
	bool needs_redis;
	int least, most; /* words after the command */
};

static int run(struct ctl *c, const struct command *command)
{
	int code;

	if (c->argc < command->least || c->argc > command->most)
		return fail_usage();
	if (command->needs_redis && !npsd_client_open(&c->redis, c->cfg, &c->err))
		return ctl_failed(c);
	code = command->call(c);
	if (c->redis)
		npsd_client_close(&c->redis);
	return code;
}

static int find_and_run(struct ctl *c, const char *name)
{
	static const struct command commands[] = {
	    {"get", ctl_get, true, 1, 2},
	    {"top", ctl_top, true, 1, 2},
	    {"alerts", ctl_alerts, true, 0, 0},
	    {"status", ctl_status, true, 0, 0},
	    {"check-event", ctl_check_event, false, 1, 1},
	};
	struct ctl_nearest nearest = {.wanted = npsd_str(name), .most = 3};
	size_t n = sizeof commands / sizeof commands[0];

	for (size_t i = 0; i < n; i++)
		if (strcmp(name, commands[i].name) == 0)
			return run(c, &commands[i]);
	fprintf(stderr, "npsctl: unknown command `%s`\n", name);
	for (size_t i = 0; i < n; i++)
		ctl_nearest_add(&nearest, npsd_str(commands[i].name));
	if (ctl_nearest_end(&nearest, "nearest:"))
		return CTL_USAGE;
	return fail_usage();
}

struct arguments {
	const char *file;
	const char *set[MAX_SETS];
	int nsets;
};

/* Returns the exit code, or -1 to continue. */
static int parse(struct ctl *c, struct arguments *a, int argc, char **argv)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"set", required_argument, NULL, 's'},
	    {"json", no_argument, NULL, 'j'},
	    {"follow", no_argument, NULL, 'f'},
	    {"kind", required_argument, NULL, 'k'},
	    {"lowest", no_argument, NULL, 'l'},
	    {"count", required_argument, NULL, 'n'},
	    {"topic", required_argument, NULL, 't'},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};
	char *end;
	int o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (o) {
		case 'c':
			a->file = optarg;
			break;
		case 's':
			if (a->nsets == MAX_SETS)
				return fail_usage();
			a->set[a->nsets++] = optarg;
			break;
		case 'j':
			c->json = true;
			break;
		case 'f':
			c->follow = true;
			break;
		case 'k':
			c->kind = optarg;
			break;
		case 'l':
			c->lowest = true;
			break;
		case 'n':
			c->count = strtol(optarg, &end, 10);
			if (end == optarg || *end || c->count < 0 || c->count > 1000000)
				return fail_usage();
			break;
		case 't':
			c->topic = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return CTL_OK;
		default:
			return fail_usage();
		}
	}
	return optind == argc ? fail_usage() : -1;
}

int main(int argc, char **argv)
{
	struct ctl c = {.count = 20};
	struct arguments a = {0};
	struct npsd_config *cfg = NULL;
	int code = parse(&c, &a, argc, argv);

	if (code >= 0)
		return code;
	if (!npsd_config_load(&cfg, &c.err, a.file, a.set, a.nsets))
		return ctl_failed(&c);
	c.cfg = cfg;
	c.argc = argc - optind - 1;
	c.argv = argv + optind + 1;
	code = find_and_run(&c, argv[optind]);
	npsd_config_free(&cfg);
	return code;
}
