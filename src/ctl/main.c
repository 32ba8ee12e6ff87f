/* npsctl: looks at what npsd has written. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"

#define MAX_SETS 64

static const char usage[] =
    "usage: npsctl [--config FILE] [--set NAME=VALUE]... [--json] COMMAND\n"
    "\n"
    "  get SEG [WINDOW]                the windows of a segment, e.g. kind=transactional,location=north\n"
    "  top DIM [WINDOW] [--kind KIND] [--count N] [--lowest]\n"
    "                                  the values (20) of a dimension with the highest lower bound of the "
    "NPS;\n"
    "                                  e.g. channel, location/1 (regions), location/2\n"
    "  alerts [--count N] [--follow]   the last alerts (20), and those that come\n"
    "  status                          whether npsd lives, what it counted and what it refused\n"
    "  check-event [--topic TOPIC] FILE|-\n"
    "                                  how npsd reads an event, or one a line, or why it does not; asks "
    "nobody;\n"
    "                                  with the defaults of that topic, else of the first\n"
    "\n"
    "  --config, --set   where Redis is and the prefix of the keys, as for npsd\n"
    "  --json            for programs: one JSON object a line\n"
    "\n"
    "exit codes: 0 done; 1 there is no such key, or (status) the heartbeat is older than 30 s, or "
    "(check-event)\n"
    "something is rejected; 2 usage or configuration; 3 Redis can't be reached or refused\n";

int ctl_failed(const struct ctl *c)
{
	fprintf(stderr, "npsctl: %s\n", c->err.text);
	return c->err.code == NPSD_INVALID ? CTL_USAGE : CTL_REDIS;
}

static int wrong(void)
{
	fputs(usage, stderr);
	return CTL_USAGE;
}

static int run(struct ctl *c, const char *command)
{
	static const struct {
		const char *name;
		int (*call)(struct ctl *c);
		bool alone; /* asks no Redis */
	} commands[] = {
	    {"get", ctl_get, false},
	    {"top", ctl_top, false},
	    {"alerts", ctl_alerts, false},
	    {"status", ctl_status, false},
	    {"check-event", ctl_check_event, true},
	};
	int (*call)(struct ctl * c) = NULL;
	bool alone = false;
	int code;

	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		if (strcmp(command, commands[i].name) == 0) {
			call = commands[i].call;
			alone = commands[i].alone;
		}
	if (!call) {
		fprintf(stderr, "npsctl: no command `%s`\n", command);
		return wrong();
	}
	if (alone)
		return call(c);
	if (!npsd_client_open(&c->redis, c->cfg, &c->err))
		return ctl_failed(c);
	code = call(c);
	npsd_client_close(&c->redis);
	return code;
}

struct arguments {
	const char *file;
	const char *set[MAX_SETS];
	int nsets;
};

/* The exit code, or -1: go on. */
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
				return wrong();
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
				return wrong();
			break;
		case 't':
			c->topic = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return CTL_OK;
		default:
			return wrong();
		}
	}
	return optind == argc ? wrong() : -1;
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
	code = run(&c, argv[optind]);
	npsd_config_free(&cfg);
	return code;
}
