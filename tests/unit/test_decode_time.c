/* The time of an event, and the order of the reasons. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "decode/number.h"
#include "help_decode.h"

#define NOW 1795381445000 /* 2026-11-22T21:04:05Z, the record's timestamp */
#define NONE NPSD_TIME_NONE
#define UNDATED                                                                                              \
	"{\"type\":\"response.submitted\",\"response_id\":\"r1\",\"score\":9,\"survey_kind\":"               \
	"\"transactional\","                                                                                 \
	"\"location\":\"north/lisbon\""
#define DATED(more) UNDATED "," more "}"

static struct readers *readers;

static void set_up(void)
{
	readers = readers_new();
}

static void tear_down(void)
{
	readers_free(readers);
}

TestSuite(decode_time, .init = set_up, .fini = tear_down);

struct row {
	const char *value;
	int64_t ms; /* NONE: no_time */
};

static void check_time(const struct row *t)
{
	struct npsd_verdict v;
	char json[1024], expect[64];
	int n = snprintf(json, sizeof json, DATED("\"responded_at\":%s"), t->value);
	const char *differ = readers_decode(readers, &v, json, (size_t)n, INT64_MAX - 1000000, false);

	cr_expect(!differ, "%s: %s", t->value, differ);
	if (t->ms == NONE) {
		cr_expect_eq(v.reason, NPSD_R_no_time, "%s: %s", t->value, readers->text[0]);
		cr_expect_eq(v.at, (uint32_t)(n - 1) - strlen(t->value), "%s: at %u", t->value, v.at);
		return;
	}
	snprintf(expect, sizeof expect, ";event=%lld;", (long long)t->ms);
	cr_expect(strstr(readers->text[0], expect), "%s: %s", t->value, readers->text[0]);
}

#define CHECK_TIMES(rows)                                                                                    \
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows)[0]; i++)                                          \
	check_time(&(rows)[i])

Test(decode_time, rfc3339)
{
	static const struct row rows[] = {
	    {"\"2026-11-22T21:04:05Z\"", NOW},
	    {"\"2026-11-22T21:05:05Z\"", NOW + 60000},
	    {"\"2026-11-22t21:04:05z\"", NOW},
	    {"\"2026-11-22T21:04:05.1Z\"", NOW + 100},
	    {"\"2026-11-22T21:04:05.123999999999999999999999Z\"", NOW + 123},
	    {"\"2026-11-22T22:34:05.020+01:30\"", NOW + 20},
	    {"\"2026-11-22T00:04:05-21:00\"", NOW},
	    {"\"2026-11-22T21:04:05-00:00\"", NOW},
	    {"\"2026-11-22T21:04:05+23:59\"", NOW - (23 * 60 + 59) * 60000},
	    {"\"2026-11-22T21\\u003a04:05Z\"", NOW},
	    {"\"1970-01-01T00:00:00Z\"", 0},
	    {"\"1969-12-31T23:59:59.999Z\"", -1},
	    {"\"2000-02-29T00:00:00Z\"", 951782400000},
	    {"\"2024-02-29T12:00:00Z\"", 1709208000000},
	    {"\"0000-01-01T00:00:00Z\"", -62167219200000},
	    {"\"9999-12-31T23:59:59.999Z\"", 253402300799999},
	    {"\"1600-12-31T00:00:00Z\"", -11644560000000},
	};
	static const struct row refused[] = {
	    {"\"\"", NONE},
	    {"\"2026-11-22\"", NONE},
	    {"\"2026-11-22T21:04:05\"", NONE},
	    {"\"2026-11-22 21:04:05Z\"", NONE},
	    {"\"2026-11-22T21:04Z\"", NONE},
	    {"\"2026-11-22T21:04:05.Z\"", NONE},
	    {"\"2026-11-22T21:04:05,5Z\"", NONE},
	    {"\"2026-11-22T21:04:60Z\"", NONE},
	    {"\"2026-11-22T21:60:05Z\"", NONE},
	    {"\"2026-11-22T24:00:00Z\"", NONE},
	    {"\"2026-11-31T21:04:05Z\"", NONE},
	    {"\"2026-02-29T21:04:05Z\"", NONE},
	    {"\"1900-02-29T21:04:05Z\"", NONE},
	    {"\"2026-00-22T21:04:05Z\"", NONE},
	    {"\"2026-13-22T21:04:05Z\"", NONE},
	    {"\"2026-11-00T21:04:05Z\"", NONE},
	    {"\"2026-11-22T21:04:05+0100\"", NONE},
	    {"\"2026-11-22T21:04:05+01\"", NONE},
	    {"\"2026-11-22T21:04:05+24:00\"", NONE},
	    {"\"2026-11-22T21:04:05+01:60\"", NONE},
	    {"\"2026-11-22T21:04:05Z \"", NONE},
	    {"\" 2026-11-22T21:04:05Z\"", NONE},
	    {"\"2026-11-22T21:04:05ZZ\"", NONE},
	    {"\"2026/11-22T21:04:05Z\"", NONE},
	    {"\"2026-11/22T21:04:05Z\"", NONE},
	    {"\"2026-11-22T21.04:05Z\"", NONE},
	    {"\"2026-11-22T21:04.05Z\"", NONE},
	    {"\"+026-11-22T21:04:05Z\"", NONE},
	    {"\"2026-11-22T21:04:0aZ\"", NONE},
	    {"\"2026-11-22T21:04:05.1\"", NONE},
	    {"\"yesterday\"", NONE},
	    {"\"\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\"
	     "u0000\\u0000"
	     "\\u0000:05Z\"",
		NONE},
	    {"\"2026-11-22T21:04:05Z\\u0000\"", NONE},
	};

	CHECK_TIMES(rows);
	CHECK_TIMES(refused);
	/* a refused time must not change the stored minute */
	CHECK_TIMES(refused);
}

Test(decode_time, epoch)
{
	static const struct row rows[] = {
	    {"1795381445", NOW},
	    {"1795381445000", NOW},
	    {"1795381445.25", NOW + 250},
	    {"1795381445.2509", NOW + 250},
	    {"1795381445000.9", NOW},
	    {"1.795381445e9", NOW},
	    {"1.795381445e12", NOW},
	    {"17953814450000e-1", NOW},
	    {"\"1795381445\"", NOW},
	    {"\"01795381445\"", NOW},
	    {"\"1795381445000\"", NOW},
	    {"99999999999", 99999999999000},
	    {"99999999999.9999", 99999999999999},
	    {"100000000000", 100000000000},
	    {"-99999999999", -99999999999000},
	    {"-100000000000", -100000000000},
	    {"-0.0005", -1},
	    {"-1.0005", -1001},
	    {"0", 0},
	    {"-0", 0},
	    {"0e999", 0},
	    {"999999999999999999", 999999999999999999},
	};
	static const struct row refused[] = {
	    {"1e18", NONE},
	    {"-1e18", NONE},
	    {"1e999", NONE},
	    {"-1e999", NONE},
	    {"1e99999999999999999999", NONE},
	    {"\"1795381445.5\"", NONE},
	    {"\"-5\"", NONE},
	    {"\"+5\"", NONE},
	    {"\"1e9\"", NONE},
	    {"\"99999999999999999999\"", NONE},
	    {"true", NONE},
	    {"[]", NONE},
	    {"{\"t\":1}", NONE},
	};

	CHECK_TIMES(rows);
	CHECK_TIMES(refused);
}

struct timed {
	const char *name, *json;
	const char *expect; /* a part of the result */
	int64_t record_ms;
	bool ahead;
};

static void check_timed(const struct timed *t)
{
	struct npsd_verdict v;
	const char *differ = readers_decode(readers, &v, t->json, strlen(t->json), t->record_ms, t->ahead);

	cr_expect(!differ, "%s: %s", t->name, differ);
	cr_expect(
	    strstr(readers->text[0], t->expect), "%s: %s is not in %s", t->name, t->expect, readers->text[0]);
}

#define CHECK_TIMED(rows)                                                                                    \
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows)[0]; i++)                                          \
	check_timed(&(rows)[i])

Test(decode_time, which_time)
{
	static const struct timed rows[] = {
	    {"responded_at", DATED("\"at\":3,\"updated_at\":2,\"responded_at\":1"),
		"event=1000;updated=2000;undated=0;responded=1;", NOW, false},
	    {"at", DATED("\"at\":3,\"updated_at\":2,\"responded_at\":null"),
		"event=3000;updated=2000;undated=0;responded=0;", NOW, false},
	    {"updated_at", DATED("\"updated_at\":2"), "event=2000;updated=2000;undated=0;responded=0;", NOW,
		false},
	    {"record", UNDATED "}", "event=1795381445000;updated=none;undated=1;responded=0;", NOW, false},
	    {"record, all null", DATED("\"at\":null,\"updated_at\":null"), "updated=none;undated=1;", NOW,
		false},
	    {"at unused and unreadable", DATED("\"responded_at\":1,\"at\":\"?\""), "event=1000;", NOW, false},
	    {"updated_at is always read", DATED("\"responded_at\":1,\"updated_at\":\"?\""),
		"no_time 144 updated_at", NOW, false},
	    {"no fall-back", DATED("\"responded_at\":\"?\",\"at\":1"), "no_time 129 responded_at", NOW,
		false},
	    {"no fall-back from at", DATED("\"at\":\"?\",\"updated_at\":1"), "no_time 119 at", NOW, false},
	    {"invited_at is not its", DATED("\"invited_at\":\"?\""), "undated=1;", NOW, false},
	};

	CHECK_TIMED(rows);
}

Test(decode_time, future)
{
	static const struct timed rows[] = {
	    {"5 min", DATED("\"responded_at\":1300"), "event=1300000;", 1000000, false},
	    {"5 min and 1 ms", DATED("\"responded_at\":1300.001"), "future 129 responded_at", 1000000, false},
	    {"by at", DATED("\"at\":1301"), "future 119 at", 1000000, false},
	    {"by updated_at", DATED("\"updated_at\":1301"), "future 127 updated_at", 1000000, false},
	    {"updated_at orders only", DATED("\"responded_at\":1,\"updated_at\":9e9"), "event=1000;", 1000000,
		false},
	    {"record ahead", DATED("\"responded_at\":1"), "future 0 -", 1000000, true},
	    {"record ahead, undated", UNDATED "}", "future 0 -", 1000000, true},
	};

	CHECK_TIMED(rows);
}

/*
 * One event with every error. Each step corrects one, and the reason is that of the next error. The last of
 * repeated keys counts, so the correction is appended.
 */
Test(decode_time, order_of_reasons)
{
	static const struct {
		const char *correction;
		enum npsd_reason reason;
	} steps[] = {
	    {"", NPSD_R_unknown_type},
	    {",\"type\":\"case.opened\"", NPSD_R_not_counted},
	    {",\"type\":\"response.submitted\"", NPSD_R_other_metric},
	    {",\"metric\":\"nps\"", NPSD_R_no_id},
	    {",\"response_id\":\"r\"", NPSD_R_bad_field},
	    {",\"revision\":1", NPSD_R_bad_field},
	    {",\"survey_kind\":null", NPSD_R_bad_field},
	    {",\"location\":null", NPSD_R_bad_field},
	    {",\"channel\":null", NPSD_R_bad_field},
	    {",\"attributes\":null", NPSD_R_bad_field},
	    {",\"themes\":null", NPSD_R_bad_field},
	    {",\"comment\":null", NPSD_R_bad_field},
	    {",\"excluded\":false", NPSD_R_no_time},
	    {",\"responded_at\":9e9", NPSD_R_no_time},
	    {",\"updated_at\":9e9", NPSD_R_future},
	    {",\"responded_at\":1", NPSD_R_no_kind},
	    {",\"survey_kind\":\"other\"", NPSD_R_no_location},
	    {",\"location\":\"a\"", NPSD_R_wrong_scale},
	    {",\"scale\":[0,10]", NPSD_R_bad_score},
	    {",\"score\":11", NPSD_R_out_of_range},
	    {",\"score\":10", NPSD_R_ok},
	};
	char json[2048] =
	    "{\"type\":\"x\",\"metric\":\"csat\",\"response_id\":1,\"revision\":0,\"survey_kind\":1,"
	    "\"location\":1,"
	    "\"channel\":1,\"attributes\":1,\"themes\":1,\"comment\":1,\"excluded\":1,\"responded_at\":true,"
	    "\"updated_at\":true,\"scale\":5,\"score\":\"x\"";

	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		struct npsd_verdict v;
		strcat(json, steps[i].correction);
		size_t n = strlen(json);
		json[n] = '}';
		const char *differ = readers_decode(readers, &v, json, n + 1, NOW, false);
		cr_expect(!differ, "step %zu: %s", i, differ);
		cr_expect_eq(v.reason, steps[i].reason, "step %zu: %s", i, readers->text[0]);
		/* an invalid document is refused before any field is read */
		const char *broken = readers_decode(readers, &v, json, n, NOW, false);
		cr_expect(!broken && v.reason == NPSD_R_bad_json, "step %zu: %s", i, readers->text[0]);
		json[n] = 0;
	}
}

Test(decode_time, types)
{
	static const struct {
		const char *type;
		enum npsd_reason reason;
	} rows[] = {
	    {"\"response.submitted\"", NPSD_R_ok},
	    {"\"response\\u002esubmitted\"", NPSD_R_ok},
	    {"\"response.updated\"", NPSD_R_ok},
	    {"\"response.retracted\"", NPSD_R_ok},
	    {"\"survey.invited\"", NPSD_R_no_id},
	    {"\"survey.delivered\"", NPSD_R_no_id},
	    {"\"survey.opened\"", NPSD_R_no_id},
	    {"\"survey.declined\"", NPSD_R_no_id},
	    {"\"survey.bounced\"", NPSD_R_no_id},
	    {"\"survey.unsubscribed\"", NPSD_R_no_id},
	    {"\"case.closed\"", NPSD_R_not_counted},
	    {"\"review.posted\"", NPSD_R_not_counted},
	    {"\"signal.x\"", NPSD_R_not_counted},
	    {"\"customer.churned\"", NPSD_R_not_counted},
	    {"\"survey.sent\"", NPSD_R_unknown_type},
	    {"\"survey.\"", NPSD_R_unknown_type},
	    {"\"case.\"", NPSD_R_unknown_type},
	    {"\"cases.closed\"", NPSD_R_unknown_type},
	    {"\"response.submitted \"", NPSD_R_unknown_type},
	    {"\"Response.Submitted\"", NPSD_R_unknown_type},
	    {"\"\"", NPSD_R_unknown_type},
	    {"null", NPSD_R_unknown_type},
	    {"7", NPSD_R_unknown_type},
	    {"[\"response.submitted\"]", NPSD_R_unknown_type},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct npsd_verdict v;
		char json[512];
		int n = snprintf(json, sizeof json, DATED("\"type\":%s"), rows[i].type);
		const char *differ = readers_decode(readers, &v, json, (size_t)n, NOW, false);
		cr_expect(!differ, "%s: %s", rows[i].type, differ);
		cr_expect_eq(v.reason, rows[i].reason, "%s: %s", rows[i].type, readers->text[0]);
	}
}
