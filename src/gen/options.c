#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "gen/options.h"

#define DEFAULT_SPAN_MS (30 * GEN_DAY_MS)
#define MAX_AHEAD_MS (GEN_DAY_MS / 2)

enum form { NUMBER, EVENTS, RATE, SHARE, SPAN, START, TEXT, PROPERTY, FLAG };

static const struct option {
	const char *name, *arg, *def, *help;
	enum form form;
	size_t field;
	uint64_t least, most;
} options[] = {
#define F(field) offsetof(struct gen_command, field)
    {"seed", "N", "1", "same seed and options, same bytes", NUMBER, F(core.seed), 0, UINT64_MAX},
    {"events", "N", "100000", "records to send, or `forever`", EVENTS, F(core.events), 0, UINT64_MAX - 1},
    {"rate", "N", "0", "records a second (`50` or `50/s`); 0: as fast as it can", RATE, F(rate), 0, 10000000},
    {"locations", "N", "500", "units, the popular ones far ahead (Zipf)", NUMBER, F(core.locations), 1,
	1000000},
    {"span", "DURATION", "",
	"time that the records are spread over (`90s` `12h` `30d`); by default 30d, or with --rate the "
	"time they take",
	SPAN, F(span_ms), 0, 0},
    {"start-ms", "MS", "",
	"timestamp of the first record; by default now - span, or with --rate and no --span now", START,
	F(core.start_ms), 0, (uint64_t)1 << 50},
    {"duplicates", "SHARE", "0.02", "records sent again", SHARE, F(core.duplicates), 0, 0},
    {"edits", "SHARE", "0.05", "changed answers, ordered by revision, updated_at or offset", SHARE,
	F(core.edits), 0, 0},
    {"updates", "SHARE", "0.04", "response.updated: edits of a part, and some of unknown responses", SHARE,
	F(core.updates), 0, 0},
    {"retractions", "SHARE", "0.02", "withdrawn or excluded answers; edits and updates revive a few", SHARE,
	F(core.retractions), 0, 0},
    {"funnel", "SHARE", "0.5", "survey.*: invitations and what becomes of them", SHARE, F(core.funnel), 0, 0},
    {"late", "SHARE", "0.005", "answers beyond a lateness of 7 days", SHARE, F(core.late), 0, 0},
    {"bad", "SHARE", "0.01", "records that are rejected or ignored, all reasons in turn", SHARE, F(core.bad),
	0, 0},
    {"cloudevents", "SHARE", "0.05", "of the good records: as CloudEvents, structured or binary", SHARE,
	F(core.cloudevents), 0, 0},
    {"frames", "SHARE", "0.03", "of the good records: behind a Confluent frame", SHARE, F(core.frames), 0, 0},
    {"account", "FILE", "", "own record of what was sent and what it means, as JSON lines", TEXT, F(account),
	0, 0},
    {"stdout", NULL, "",
	"JSON lines on standard output (without tombstones, frames, headers, and records that hold a line's "
	"end)",
	FLAG, F(to_stdout), 0, 0},
    {"brokers", "HOST:PORT,...", "", "produce there: idempotent, the id as key, murmur2_random, lz4", TEXT,
	F(kafka.brokers), 0, 0},
    {"mock", "N", "0",
	"produce to a mock cluster inside npsgen with N partitions; prints bootstrap=HOST:PORT first and "
	"lives until standard input closes or SIGTERM",
	NUMBER, F(kafka.mock_partitions), 0, 1024},
    {"topic", "NAME", "survey-events", "Kafka topic", TEXT, F(kafka.topic), 0, 0},
    {"create", "N", "0", "create the topic with N partitions where it is missing", NUMBER,
	F(kafka.create_partitions), 0, 1024},
    {"group", "NAME", "", "wait where this consumer group is more than 4.5 MiB of a partition behind", TEXT,
	F(kafka.group), 0, 0},
    {"properties", "NAME=VALUE", "", "property of librdkafka; may be repeated", PROPERTY, 0, 0, 0},
    {"help", NULL, "", "this text", FLAG, F(help), 0, 0},
#undef F
};
#define NOPTIONS (sizeof(options) / sizeof(*options))

void gen_options_help(void)
{
	puts("npsgen: seeded, realistic survey events for npsd, and an account of what they mean.\n"
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

/* A share of one as parts per million. */
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
	case START:
		c->start_given = true;
		break;
	case NUMBER:
	case RATE:
		break;
	}
	if (!read_number(&n, text, &end) || (*end && !(o->form == RATE && strcmp(end, "/s") == 0)))
		return false;
	if (n < o->least || n > o->most)
		return false;
	if (field == &c->core.locations)
		c->core.locations = (uint32_t)n;
	else if (field == &c->kafka.mock_partitions || field == &c->kafka.create_partitions)
		*(int *)field = (int)n;
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
			return npsd_fail(err, NPSD_INVALID, 0, "--%s %s: accepted is %s: %s", o->name, value,
			    o->arg, o->help);
	}
	return true;
}

/* Start and step from events, rate and span. */
static bool lay_out_time(struct gen_command *c, struct npsd_err *err, int64_t now_ms)
{
	bool live = c->rate > 0 && c->span_ms < 0;
	bool forever = c->core.events == GEN_FOREVER;
	uint64_t n = forever || c->core.events == 0 ? 1 : c->core.events;

	if (forever && !live)
		return npsd_fail(err, NPSD_INVALID, 0, "--events forever needs --rate, and no --span");
	if (live)
		c->span_ms = forever ? 0 : (int64_t)((__int128)n * 1000 / c->rate);
	else if (c->span_ms < 0)
		c->span_ms = DEFAULT_SPAN_MS;
	c->core.step_us = live ? (int64_t)(1000000 / c->rate) : (int64_t)((__int128)c->span_ms * 1000 / n);
	if (!c->start_given)
		c->core.start_ms = live ? now_ms : now_ms - c->span_ms;
	if (!live && !c->to_stdout && c->core.start_ms + c->span_ms > now_ms + MAX_AHEAD_MS)
		return npsd_fail(
		    err, NPSD_INVALID, 0, "the records would be stamped more than 12 h ahead of the clock");
	return true;
}

bool gen_options_read(struct gen_command *c, struct npsd_err *err, int argc, char **argv, int64_t now_ms)
{
	*c = (struct gen_command){.span_ms = -1};
	for (size_t i = 0; i < NOPTIONS; i++)
		npsd_assert(!*options[i].def || read_value(c, &options[i], options[i].def));
	if (!read_arguments(c, err, argc, argv))
		return false;
	if (c->help)
		return true;
	if (c->to_stdout + (c->kafka.brokers != NULL) + (c->kafka.mock_partitions > 0) != 1)
		return npsd_fail(err, NPSD_INVALID, 0, "one of --stdout, --brokers and --mock is needed");
	if (c->core.bad + c->core.late + c->core.duplicates + c->core.edits + c->core.updates +
		    c->core.retractions + c->core.funnel >
		1000000 ||
	    c->core.cloudevents + c->core.frames > 1000000)
		return npsd_fail(err, NPSD_INVALID, 0, "the shares add up to more than 1");
	c->core.plain = c->to_stdout;
	return lay_out_time(c, err, now_ms);
}
