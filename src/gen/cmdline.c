#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "gen/cmdline.h"

#define DEFAULT_SPAN_MS (30 * GEN_DAY_MS)
#define MAX_AHEAD_MS (GEN_DAY_MS / 2)

enum form { NUMBER, COUNT, EVENTS, RATE, SHARE, SPAN, TEXT, PROPERTY, FLAG };

static const struct option {
	const char *name, *arg, *def, *help;
	enum form form;
	size_t field;
	uint64_t least, most;
} options[] = {
#define F(field) offsetof(struct gen_command, field)
#define NUM(name, arg, def, form, field, least, most, help)                                                  \
	{                                                                                                    \
		name, arg, def, help, form, F(field), least, most                                            \
	}
#define OPT(name, arg, def, form, field, help) NUM(name, arg, def, form, field, 0, 0, help)
    NUM("seed", "N", "1", NUMBER, core.seed, 0, UINT64_MAX, "the same seed and options give the same bytes"),
    NUM("events", "N", "100000", EVENTS, core.events, 0, UINT64_MAX - 1, "records to send, or `forever`"),
    NUM("rate", "N", "0", RATE, rate, 0, 10000000, "records per second (`50` or `50/s`); 0: unlimited"),
    NUM("locations", "N", "500", COUNT, core.locations, 1, 1000000, "number of locations (Zipf weights)"),
    OPT("span", "DURATION", "", SPAN, span_ms,
	"time that the timestamps cover (`90s` `12h` `30d`); default 30d, or with --rate the time to send"),
    NUM("start-ms", "MS", "", NUMBER, core.start_ms, 0, (uint64_t)1 << 50,
	"timestamp of the first record; default now - span, or with --rate and no --span now"),
    OPT("duplicates", "SHARE", "0.02", SHARE, core.duplicates, "records sent again"),
    OPT("edits", "SHARE", "0.05", SHARE, core.edits, "edits, ordered by revision, updated_at or offset"),
    OPT("updates", "SHARE", "0.04", SHARE, core.updates,
	"response.updated: partial edits, and updates of unknown responses"),
    OPT("retractions", "SHARE", "0.02", SHARE, core.retractions,
	"withdrawn or excluded responses; edits and updates revive a few"),
    OPT("funnel", "SHARE", "0.5", SHARE, core.funnel, "survey.*: the stages of invitations"),
    OPT("late", "SHARE", "0.005", SHARE, core.late, "records that exceed a lateness of 7 days"),
    OPT("bad", "SHARE", "0.01", SHARE, core.bad, "records that npsd rejects or ignores, for all reasons"),
    OPT("cloudevents", "SHARE", "0.05", SHARE, core.cloudevents,
	"good records as CloudEvents, structured or binary"),
    OPT("frames", "SHARE", "0.03", SHARE, core.frames, "good records after a Confluent frame"),
    OPT("account", "FILE", "", TEXT, account, "write the records sent and their meaning as JSON lines"),
    OPT("stdout", NULL, "", FLAG, to_stdout,
	"write JSON lines to standard output (no tombstones, frames, headers, or records with a line feed)"),
    OPT("brokers", "HOST:PORT,...", "", TEXT, kafka.brokers,
	"produce to these brokers: idempotent, the id as key, murmur2_random, lz4"),
    NUM("mock", "N", "0", COUNT, kafka.mock_partitions, 0, 1024,
	"produce to a mock cluster inside npsgen with N partitions; npsgen prints bootstrap=HOST:PORT first "
	"and ends when standard input closes or at SIGTERM"),
    OPT("topic", "NAME", "survey-events", TEXT, kafka.topic, "Kafka topic"),
    NUM("create", "N", "0", COUNT, kafka.create_partitions, 0, 1024,
	"create the topic with N partitions if it does not exist"),
    OPT("group", "NAME", "", TEXT, kafka.group,
	"wait while the lag of this consumer group exceeds 4.5 MiB in a partition"),
    OPT("properties", "NAME=VALUE", "", PROPERTY, help, "property of librdkafka; may be repeated"),
    OPT("help", NULL, "", FLAG, help, "print this text"),
};
#define NOPTIONS (sizeof(options) / sizeof(*options))

void gen_cmdline_help(void)
{
	puts("npsgen makes survey events for npsd from a seed, and an account of their meaning.\n"
	     "usage: npsgen --stdout | --brokers HOST:PORT | --mock N [--option VALUE]...\n");
	for (size_t i = 0; i < NOPTIONS; i++) {
		const struct option *o = &options[i];
		char left[48];

		snprintf(left, sizeof(left), "--%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
		printf("  %-26s %s%s%s%s\n", left, o->help, *o->def ? " (default " : "", o->def,
		    *o->def ? ")" : "");
	}
}

static bool read_number(uint64_t *out, const char *text, char **end)
{
	errno = 0;
	*out = strtoull(text, end, 10);
	return *text >= '0' && *text <= '9' && errno == 0;
}

static bool read_span(int64_t *ms, const char *text)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", GEN_DAY_MS}};
	uint64_t n;
	char *end;

	if (!read_number(&n, text, &end) || n > 1000000000000)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strcmp(end, units[i].unit) == 0)
			return !__builtin_mul_overflow((int64_t)n, units[i].ms, ms) &&
			       *ms <= 3660 * GEN_DAY_MS;
	return false;
}

/* A share of 1, in parts per million. */
static bool read_share(uint32_t *ppm, const char *text)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end || !(v >= 0 && v <= 1))
		return false;
	*ppm = (uint32_t)(v * 1e6 + 0.5);
	return true;
}

static bool read_value(struct gen_command *c, const struct option *o, const char *text)
{
	void *field = (char *)c + o->field;
	uint64_t n = 0;
	char *end;

	switch (o->form) {
	case SHARE:
		return read_share(field, text);
	case SPAN:
		return read_span(field, text);
	case TEXT:
		*(const char **)field = text;
		return *text != 0;
	case FLAG:
		*(bool *)field = true;
		return true;
	case PROPERTY:
		if (c->kafka.nproperties == GEN_MAX_PROPERTIES)
			return false;
		c->kafka.property[c->kafka.nproperties++] = text;
		return strchr(text, '=') != NULL;
	case EVENTS:
		if (strcmp(text, "forever") == 0) {
			*(uint64_t *)field = GEN_FOREVER;
			return true;
		}
		break;
	default:
		break;
	}
	if (!read_number(&n, text, &end) || (*end && !(o->form == RATE && strcmp(end, "/s") == 0)))
		return false;
	if (n < o->least || n > o->most)
		return false;
	if (o->form == COUNT)
		*(uint32_t *)field = (uint32_t)n;
	else
		memcpy(field, &n, sizeof(n));
	return true;
}

static const struct option *find(const char *name, size_t len)
{
	for (size_t i = 0; i < NOPTIONS; i++)
		if (strlen(options[i].name) == len && memcmp(options[i].name, name, len) == 0)
			return &options[i];
	return NULL;
}

static bool read_arguments(struct gen_command *c, struct npsd_err *err, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *name = argv[i] + 2, *eq = strchr(argv[i], '=');
		const char *value = eq ? eq + 1 : NULL;
		const struct option *o = NULL;

		if (strncmp(argv[i], "--", 2) == 0)
			o = find(name, eq ? (size_t)(eq - name) : strlen(name));
		if (!o || (o->form == FLAG && eq))
			return npsd_fail(
			    err, NPSD_INVALID, 0, "unknown option %s; --help lists them", argv[i]);
		if (o->form != FLAG && !value)
			value = i + 1 < argc ? argv[++i] : "";
		if (!read_value(c, o, value))
			return npsd_fail(
			    err, NPSD_INVALID, 0, "--%s %s: must be %s: %s", o->name, value, o->arg, o->help);
	}
	return true;
}

/* Derives start and step from events, rate and span. */
static bool lay_out_time(struct gen_command *c, struct npsd_err *err, int64_t now_ms)
{
	bool live = c->rate > 0 && c->span_ms < 0;
	bool forever = c->core.events == GEN_FOREVER;
	uint64_t n = forever || c->core.events == 0 ? 1 : c->core.events;

	if (forever && !live)
		return npsd_fail(err, NPSD_INVALID, 0, "--events forever needs --rate without --span");
	if (live)
		c->span_ms = forever ? 0 : (int64_t)((__int128)n * 1000 / c->rate);
	else if (c->span_ms < 0)
		c->span_ms = DEFAULT_SPAN_MS;
	c->core.step_us = live ? (int64_t)(1000000 / c->rate) : (int64_t)((__int128)c->span_ms * 1000 / n);
	if (c->core.start_ms < 0)
		c->core.start_ms = live ? now_ms : now_ms - c->span_ms;
	if (!live && !c->to_stdout && c->core.start_ms + c->span_ms > now_ms + MAX_AHEAD_MS)
		return npsd_fail(err, NPSD_INVALID, 0,
		    "the last timestamp would be more than 12 h after the current time");
	return true;
}

bool gen_cmdline_read(struct gen_command *c, struct npsd_err *err, int argc, char **argv, int64_t now_ms)
{
	*c = (struct gen_command){.core.start_ms = -1, .span_ms = -1};
	for (size_t i = 0; i < NOPTIONS; i++)
		npsd_assert(!*options[i].def || read_value(c, &options[i], options[i].def));
	if (!read_arguments(c, err, argc, argv))
		return false;
	if (c->help)
		return true;
	if (c->to_stdout + (c->kafka.brokers != NULL) + (c->kafka.mock_partitions > 0) != 1)
		return npsd_fail(
		    err, NPSD_INVALID, 0, "exactly one of --stdout, --brokers and --mock is needed");
	if (c->core.bad + c->core.late + c->core.duplicates + c->core.edits + c->core.updates +
		    c->core.retractions + c->core.funnel >
		1000000 ||
	    c->core.cloudevents + c->core.frames > 1000000)
		return npsd_fail(err, NPSD_INVALID, 0, "the sum of the shares exceeds 1");
	c->core.plain = c->to_stdout;
	return lay_out_time(c, err, now_ms);
}
