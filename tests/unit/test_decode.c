/* The fields of an event in a valid document: values that are accepted and values that are refused. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "help_decode.h"

#define NOW 1795381445000 /* 2026-11-22T21:04:05Z, the record's timestamp */
/* If a key is repeated the last one counts, so `more` replaces these fields. */
#define EVENT(more)                                                                                          \
	"{\"type\":\"response.submitted\",\"response_id\":\"r1\",\"score\":9,\"survey_kind\":"               \
	"\"transactional\","                                                                                 \
	"\"location\":\"north/lisbon\",\"responded_at\":\"2026-11-22T21:04:05Z\"" more "}"
#define S8 "aaaaaaaa"
#define S64 S8 S8 S8 S8 S8 S8 S8 S8
#define S128 S64 S64
#define S256 S128 S128

struct row {
	const char *name, *json;
	enum npsd_reason reason;
	const char
	    *expect; /* ok: a part of the result; else the last occurrence of this text is the position */
};

static struct readers *readers;

static void set_up(void)
{
	readers = readers_new();
}

static void tear_down(void)
{
	readers_free(readers);
}

static const char *find_last(const char *in, const char *what)
{
	const char *last = NULL;

	for (const char *p = in; (p = strstr(p, what)); p++)
		last = p;
	return last;
}

static void check(const struct row *t)
{
	struct npsd_verdict v;
	const char *differ = readers_decode(readers, &v, t->json, strlen(t->json), NOW, false);
	const char *result = readers->text[0];

	cr_expect(!differ, "%s: %s", t->name, differ);
	cr_expect_eq(v.reason, t->reason, "%s: %s", t->name, result);
	if (v.reason != t->reason)
		return;
	if (t->reason == NPSD_R_ok) {
		cr_expect(strstr(result, t->expect), "%s: %s is not in %s", t->name, t->expect, result);
	} else {
		const char *at = find_last(t->json, t->expect);
		cr_assert(at, "%s: %s is not in the text", t->name, t->expect);
		cr_expect_eq(v.at, at - t->json, "%s: at %u, not %ld: %s", t->name, v.at,
		    (long)(at - t->json), result);
	}
}

#define CHECK(rows)                                                                                          \
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows)[0]; i++)                                          \
	check(&(rows)[i])

TestSuite(decode, .init = set_up, .fini = tear_down);

Test(decode, id_and_revision)
{
	static const struct row rows[] = {
	    {"plain", EVENT(""), NPSD_R_ok, "id=r1;type=0;revision=0;score=9;kind=1;"},
	    {"128 bytes", EVENT(",\"response_id\":\"" S128 "\""), NPSD_R_ok, "id=" S128 ";"},
	    {"129 bytes", EVENT(",\"response_id\":\"b" S128 "\""), NPSD_R_no_id, "\"baa"},
	    {"128 bytes escaped", EVENT(",\"response_id\":\"\\u0061" S64 S8 S8 S8 S8 S8 S8 S8 "aaaaaaa\""),
		NPSD_R_ok, "id=" S128 ";"},
	    {"129 bytes escaped", EVENT(",\"response_id\":\"\\u0062" S128 "\""), NPSD_R_no_id, "\"\\u0062"},
	    {"zero byte", EVENT(",\"response_id\":\"a\\u0000b\""), NPSD_R_ok, "id=a\\x00b;"},
	    {"empty", EVENT(",\"response_id\":\"\""), NPSD_R_no_id, "\"\""},
	    {"number", EVENT(",\"response_id\":17"), NPSD_R_no_id, "17"},
	    {"null", EVENT(",\"response_id\":null"), NPSD_R_no_id, "null"},
	    {"missing", "{\"type\":\"response.submitted\"}", NPSD_R_no_id, "{"},
	    {"revision", EVENT(",\"revision\":7"), NPSD_R_ok, "revision=7;"},
	    {"largest", EVENT(",\"revision\":9223372036854775807"), NPSD_R_ok,
		"revision=9223372036854775807;"},
	    {"one more", EVENT(",\"revision\":9223372036854775808"), NPSD_R_bad_field, "9223372036854775808"},
	    {"wraps", EVENT(",\"revision\":18446744073709551617"), NPSD_R_bad_field, "18446744073709551617"},
	    {"zero", EVENT(",\"revision\":0"), NPSD_R_bad_field, "0}"},
	    {"negative", EVENT(",\"revision\":-1"), NPSD_R_bad_field, "-1"},
	    {"fraction", EVENT(",\"revision\":1.0"), NPSD_R_bad_field, "1.0"},
	    {"exponent", EVENT(",\"revision\":1e1"), NPSD_R_bad_field, "1e1"},
	    {"string", EVENT(",\"revision\":\"1\""), NPSD_R_bad_field, "\"1\""},
	    {"null revision", EVENT(",\"revision\":null"), NPSD_R_ok, "revision=0;"},
	};

	CHECK(rows);
}

Test(decode, score_and_scale)
{
	static const struct row rows[] = {
	    {"0", EVENT(",\"score\":0"), NPSD_R_ok, "score=0;"},
	    {"10", EVENT(",\"score\":10"), NPSD_R_ok, "score=10;"},
	    {"9.0", EVENT(",\"score\":9.0"), NPSD_R_ok, "score=9;"},
	    {"1e1", EVENT(",\"score\":1e1"), NPSD_R_ok, "score=10;"},
	    {"90e-1", EVENT(",\"score\":90E-1"), NPSD_R_ok, "score=9;"},
	    {"0.7e+1", EVENT(",\"score\":0.7e+1"), NPSD_R_ok, "score=7;"},
	    {"-0", EVENT(",\"score\":-0"), NPSD_R_ok, "score=0;"},
	    {"0e999", EVENT(",\"score\":0e999"), NPSD_R_ok, "score=0;"},
	    {"null", EVENT(",\"score\":null"), NPSD_R_ok, "score=-1;"},
	    {"string", EVENT(",\"score\":\"10\""), NPSD_R_ok, "score=10;"},
	    {"string -0", EVENT(",\"score\":\"-0\""), NPSD_R_ok, "score=0;"},
	    {"escaped string", EVENT(",\"score\":\"\\u0038\""), NPSD_R_ok, "score=8;"},
	    {"11", EVENT(",\"score\":11"), NPSD_R_out_of_range, "11}"},
	    {"-1", EVENT(",\"score\":-1"), NPSD_R_out_of_range, "-1}"},
	    {"1e999", EVENT(",\"score\":1e999"), NPSD_R_out_of_range, "1e999"},
	    {"string 11", EVENT(",\"score\":\"11\""), NPSD_R_out_of_range, "\"11\""},
	    {"long string", EVENT(",\"score\":\"99999999999999999999999\""), NPSD_R_out_of_range, "\"9999"},
	    {"9.5", EVENT(",\"score\":9.5"), NPSD_R_bad_score, "9.5"},
	    {"11.5", EVENT(",\"score\":11.5"), NPSD_R_bad_score, "11.5"},
	    {"1e-999", EVENT(",\"score\":1e-999"), NPSD_R_bad_score, "1e-999"},
	    {"string 09", EVENT(",\"score\":\"09\""), NPSD_R_bad_score, "\"09\""},
	    {"string -01", EVENT(",\"score\":\"-01\""), NPSD_R_bad_score, "\"-01\""},
	    {"string 9.0", EVENT(",\"score\":\"9.0\""), NPSD_R_bad_score, "\"9.0\""},
	    {"string empty", EVENT(",\"score\":\"\""), NPSD_R_bad_score, "\"\""},
	    {"string -", EVENT(",\"score\":\"-\""), NPSD_R_bad_score, "\"-\""},
	    {"string space", EVENT(",\"score\":\" 9\""), NPSD_R_bad_score, "\" 9\""},
	    {"true", EVENT(",\"score\":true"), NPSD_R_bad_score, "true"},
	    {"array", EVENT(",\"score\":[9]"), NPSD_R_bad_score, "[9]"},
	    {"scale", EVENT(",\"scale\":[0,10]"), NPSD_R_ok, "score=9;"},
	    {"scale 10.0", EVENT(",\"scale\":[ 0.0 , 1e1 ]"), NPSD_R_ok, "score=9;"},
	    {"scale null", EVENT(",\"scale\":null"), NPSD_R_ok, "score=9;"},
	    {"scale 0-5", EVENT(",\"scale\":[0,5]"), NPSD_R_wrong_scale, "[0,5]"},
	    {"scale 10-0", EVENT(",\"scale\":[10,0]"), NPSD_R_wrong_scale, "[10"},
	    {"scale of three", EVENT(",\"scale\":[0,10,10]"), NPSD_R_wrong_scale, "[0,"},
	    {"scale of one", EVENT(",\"scale\":[0]"), NPSD_R_wrong_scale, "[0]"},
	    {"scale empty", EVENT(",\"scale\":[]"), NPSD_R_wrong_scale, "[]"},
	    {"scale of strings", EVENT(",\"scale\":[\"0\",\"10\"]"), NPSD_R_wrong_scale, "[\"0"},
	    {"scale to -10", EVENT(",\"scale\":[0,-10]"), NPSD_R_wrong_scale, "[0,-"},
	    {"scale object", EVENT(",\"scale\":{\"0\":0,\"a\":10}"), NPSD_R_wrong_scale, "{\"0"},
	};

	CHECK(rows);
}

Test(decode, kind_metric_excluded)
{
	static const struct row rows[] = {
	    {"relational", EVENT(",\"survey_kind\":\"relational\""), NPSD_R_ok, "kind=2;"},
	    {"other", EVENT(",\"survey_kind\":\"other\""), NPSD_R_ok, "kind=3;"},
	    {"unknown", EVENT(",\"survey_kind\":\"all\""), NPSD_R_bad_field, "\"all\""},
	    {"empty", EVENT(",\"survey_kind\":\"\""), NPSD_R_bad_field, "\"\""},
	    {"number", EVENT(",\"survey_kind\":1"), NPSD_R_bad_field, "1}"},
	    {"null", EVENT(",\"survey_kind\":null"), NPSD_R_no_kind, "null"},
	    {"metric", EVENT(",\"metric\":\"nps\""), NPSD_R_ok, "score=9;"},
	    {"metric null", EVENT(",\"metric\":null"), NPSD_R_ok, "score=9;"},
	    {"metric csat", EVENT(",\"metric\":\"csat\""), NPSD_R_other_metric, "\"csat"},
	    {"metric NPS", EVENT(",\"metric\":\"NPS\""), NPSD_R_other_metric, "\"NPS"},
	    {"metric number", EVENT(",\"metric\":3"), NPSD_R_other_metric, "3}"},
	    {"excluded", EVENT(",\"excluded\":true"), NPSD_R_ok, "type=2;"},
	    {"excluded string", EVENT(",\"excluded\":\"true\""), NPSD_R_ok, "type=2;"},
	    {"not excluded", EVENT(",\"excluded\":false"), NPSD_R_ok, "type=0;"},
	    {"not excluded string", EVENT(",\"excluded\":\"false\""), NPSD_R_ok, "type=0;"},
	    {"excluded null", EVENT(",\"excluded\":null"), NPSD_R_ok, "type=0;"},
	    {"excluded 1", EVENT(",\"excluded\":1"), NPSD_R_bad_field, "1}"},
	    {"excluded yes", EVENT(",\"excluded\":\"yes\""), NPSD_R_bad_field, "\"yes"},
	};

	CHECK(rows);
}

Test(decode, default_kind_and_location_switch)
{
	static const struct row rows[] = {
	    {"default kind", EVENT(",\"survey_kind\":null"), NPSD_R_ok, "kind=2;"},
	    {"own kind", EVENT(",\"survey_kind\":\"other\""), NPSD_R_ok, "kind=3;"},
	    {"no location", EVENT(",\"location\":null"), NPSD_R_ok, "responded=1;themes"},
	    {"empty location", EVENT(",\"location\":\"//\""), NPSD_R_ok, "location=;"},
	};

	readers->cfg.default_kind = NPSD_KIND_RELATIONAL;
	readers->cfg.location_required = false;
	CHECK(rows);
}

Test(decode, location)
{
	static const struct row rows[] = {
	    {"as it is", EVENT(""), NPSD_R_ok, "location=north/lisbon;"},
	    {"empty levels", EVENT(",\"location\":\"//north///lisbon/\""), NPSD_R_ok,
		"location=north/lisbon;"},
	    {"escaped slash", EVENT(",\"location\":\"north\\/lisbon\""), NPSD_R_ok, "location=north/lisbon;"},
	    {"kept when a later text is escaped",
		EVENT(",\"location\":\"\\u0061b\",\"updated_at\":\"\\u0031\",\"score\":\"\\u0039\""),
		NPSD_R_ok, "location=ab;"},
	    {"no trimming", EVENT(",\"location\":\" North / a\""), NPSD_R_ok, "location= North / a;"},
	    {"8 levels", EVENT(",\"location\":\"1/2/3/4/5/6/7/8//\""), NPSD_R_ok,
		"location=1/2/3/4/5/6/7/8;"},
	    {"9 levels", EVENT(",\"location\":\"1/2/3/4/5/6/7/8/9\""), NPSD_R_bad_field, "\"1/2"},
	    {"256 bytes", EVENT(",\"location\":\"a/" S256 "/b\""), NPSD_R_ok, "location=a/" S256 "/b;"},
	    {"257 bytes", EVENT(",\"location\":\"c/" S256 "a/b\""), NPSD_R_bad_field, "\"c/"},
	    {"all in all",
		EVENT(",\"location\":\"" S256 "/" S256 "/" S256 "/" S256 "/" S256 "/" S256 "/" S256 "\\/" S256
		      "\""),
		NPSD_R_ok, "/" S256 ";"},
	    {"number", EVENT(",\"location\":5"), NPSD_R_bad_field, "5}"},
	    {"empty", EVENT(",\"location\":\"\""), NPSD_R_no_location, "\"\""},
	    {"slashes", EVENT(",\"location\":\"/\""), NPSD_R_no_location, "\"/\""},
	    {"null", EVENT(",\"location\":null"), NPSD_R_no_location, "null"},
	};

	CHECK(rows);
}

Test(decode, texts)
{
	static const char *const names[] = {"channel", "stage", "team", "product", "profile", "language",
	    "survey_id", "owner", "respondent_id"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const char *n = names[i];
		const char *out = strcmp(n, "respondent_id") == 0 ? "respondent" : n;
		struct {
			const char *value, *expect;
			enum npsd_reason reason;
		} rows[] = {
		    {"\"em\\u0061il \\ud83d\\ude00\"", "=email \xf0\x9f\x98\x80;", NPSD_R_ok},
		    {"\"\"", "=;", NPSD_R_ok},
		    {"\"" S256 "\"", "=" S256 ";", NPSD_R_ok},
		    {"\"q" S256 "\"", "\"qa", NPSD_R_bad_field},
		    {"\"\\u0071" S256 "\"", "\"\\u0071", NPSD_R_bad_field},
		    {"false", "false", NPSD_R_bad_field},
		    {"{\"a\":1}", "{\"a", NPSD_R_bad_field},
		};
		for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
			char json[2048], expect[512];
			snprintf(json, sizeof json, EVENT(",\"%s\":%s"), n, rows[k].value);
			snprintf(expect, sizeof expect, "%s%s", rows[k].reason == NPSD_R_ok ? out : "",
			    rows[k].expect);
			check(&(struct row){n, json, rows[k].reason, expect});
		}
		char json[2048], absent[64];
		snprintf(json, sizeof json, EVENT(",\"%s\":\"x\",\"%s\":null"), n, n);
		check(&(struct row){n, json, NPSD_R_ok, "score=9;"});
		snprintf(absent, sizeof absent, ";%s=", out);
		cr_expect(
		    !strstr(readers->text[0], absent), "%s null is not mentioned: %s", n, readers->text[0]);
	}
}

Test(decode, attributes)
{
	static const struct row rows[] = {
	    {"declared", EVENT(",\"attributes\":{\"x\":[1],\"plan\":\"pro\",\"seat\":\"\"}"), NPSD_R_ok,
		"plan=pro;seat=;"},
	    {"key escaped", EVENT(",\"attributes\":{\"pl\\u0061n\":\"p\\/q\"}"), NPSD_R_ok, "plan=p/q;"},
	    {"last counts", EVENT(",\"attributes\":{\"plan\":7,\"plan\":\"b\"}"), NPSD_R_ok, "plan=b;"},
	    {"last null", EVENT(",\"attributes\":{\"plan\":\"b\",\"plan\":null}"), NPSD_R_ok,
		"responded=1;location=north/lisbon;themes"},
	    {"last object", EVENT(",\"attributes\":{\"plan\":\"b\"},\"attributes\":{\"seat\":\"c\"}"),
		NPSD_R_ok, "lisbon;seat=c;"},
	    {"nested is no field", EVENT(",\"attributes\":{\"score\":3,\"plan\":\"b\"}"), NPSD_R_ok,
		"score=9;"},
	    {"empty", EVENT(",\"attributes\":{ }"), NPSD_R_ok, "location=north/lisbon;themes"},
	    {"null", EVENT(",\"attributes\":null"), NPSD_R_ok, "location=north/lisbon;themes"},
	    {"array", EVENT(",\"attributes\":[\"plan\",\"b\"]"), NPSD_R_bad_field, "[\"plan"},
	    {"number", EVENT(",\"attributes\":{\"plan\":7}"), NPSD_R_bad_field, "7}"},
	    {"too long", EVENT(",\"attributes\":{\"plan\":\"q" S256 "\"}"), NPSD_R_bad_field, "\"qa"},
	};

	CHECK(rows);
}

Test(decode, themes)
{
	static const struct row rows[] = {
	    {"in order", EVENT(",\"themes\":[\"wait\",\"price\"]"), NPSD_R_ok,
		"themes=1/2;theme=wait;theme=price;"},
	    {"once", EVENT(",\"themes\":[\"b\",\"\",\"a\",\"\\u0062\",\"a\"]"), NPSD_R_ok,
		"themes=1/2;theme=b;theme=a;"},
	    {"escaped twice", EVENT(",\"themes\":[\"\\u0062\",\"\\u0062\",\"\\u0063\"]"), NPSD_R_ok,
		"themes=1/2;theme=b;theme=c;"},
	    {"first 16",
		EVENT(",\"themes\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"a\",\"b\",\"c\","
		      "\"d\",\"e\",\"f\",\"g\",\"h\"]"),
		NPSD_R_ok,
		"themes=1/16;theme=1;theme=2;theme=3;theme=4;theme=5;theme=6;theme=7;theme=8;theme=9;"
		"theme=a;theme=b;theme=c;theme=d;theme=e;theme=f;theme=g;"},
	    {"none", EVENT(",\"themes\":[]"), NPSD_R_ok, "themes=1/0;"},
	    {"null", EVENT(",\"themes\":null"), NPSD_R_ok, "themes=0/0;"},
	    {"256 bytes", EVENT(",\"themes\":[\"" S256 "\"]"), NPSD_R_ok, "theme=" S256 ";"},
	    {"257 bytes", EVENT(",\"themes\":[\"a\",\"q" S256 "\"]"), NPSD_R_bad_field, "\"qa"},
	    {"number in it", EVENT(",\"themes\":[\"a\",3]"), NPSD_R_bad_field, "3]"},
	    {"null in it", EVENT(",\"themes\":[null]"), NPSD_R_bad_field, "null"},
	    {"string", EVENT(",\"themes\":\"a\""), NPSD_R_bad_field, "\"a\""},
	};

	CHECK(rows);
}

/* A comment is cut at 4096 bytes, but not within a character. */
Test(decode, comment)
{
	static const struct row rows[] = {
	    {"plain", EVENT(",\"comment\":\"caf\xc3\xa9\\n\\\"\""), NPSD_R_ok, "comment=caf\xc3\xa9\\x0a\";"},
	    {"empty", EVENT(",\"comment\":\"\""), NPSD_R_ok, "comment=;"},
	    {"null", EVENT(",\"comment\":\"a\",\"comment\":null"), NPSD_R_ok, "themes=0/0;"},
	    {"number", EVENT(",\"comment\":1"), NPSD_R_bad_field, "1}"},
	    {"array", EVENT(",\"comment\":[\"a\"]"), NPSD_R_bad_field, "[\"a"},
	};
	static const struct {
		const char *plain, *escaped;
		int size;
	} signs[] = {{"a", "\\u0061", 1}, {"\xc3\xa9", "\\u00e9", 2}, {"\xe2\x82\xac", "\\u20ac", 3},
	    {"\xf0\x9f\x98\x80", "\\ud83d\\ude00", 4}};

	CHECK(rows);
	for (int before = 4090; before <= 4098; before++) {
		for (int i = 0; i < 8; i++) {
			char json[8192], expect[8192];
			const char *sign = i < 4 ? signs[i].plain : signs[i - 4].escaped;
			int size = signs[i % 4].size, whole = before + size <= 4096;
			snprintf(json, sizeof json, EVENT(",\"comment\":\"%0*d%s%s\""), before, 0, sign,
			    "tail of it");
			int n = snprintf(expect, sizeof expect, "comment=%0*d%s%.*s",
			    before < 4096 ? before : 4096, 0, whole ? signs[i % 4].plain : "",
			    whole ? 4096 - before - size : 0, "tail of it");
			strcpy(expect + n, ";");
			check(&(struct row){"cut", json, NPSD_R_ok, expect});
		}
	}
}

#define LONGEST "\\u0062%0255d" /* 256 bytes that have to be copied to the arena */
#define LEVEL "/%0256d"

static int make_longest(char *json, int i)
{
	int n = sprintf(json,
	    EVENT(",\"response_id\":\"\\u0061%0127d\",\"location\":\"\\u0061%0255d" LEVEL LEVEL LEVEL LEVEL
		    LEVEL LEVEL LEVEL "\",\"channel\":\"" LONGEST "\",\"stage\":\"" LONGEST
		  "\",\"team\":\"" LONGEST "\",\"product\":\"" LONGEST "\",\"profile\":\"" LONGEST
		  "\",\"language\":\"" LONGEST "\",\"survey_id\":\"" LONGEST "\",\"owner\":\"" LONGEST
		  "\",\"respondent_id\":\"" LONGEST "\",\"comment\":\"\\u0061%05000d\",\"themes\":["),
	    i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i);

	n--; /* the brace */
	for (int k = 0; k < 100; k++)
		n += sprintf(json + n, "%s\"" LONGEST "\"", k ? "," : "", k % 50);
	return n + sprintf(json + n, "]}");
}

static void check_longest(const struct npsd_event *ev, int i)
{
	char text[512];

	sprintf(text, "a%0127d", i);
	cr_expect(npsd_str_eq(ev->id, npsd_str(text)), "id of %d", i);
	sprintf(text, "a%0255d", i);
	cr_expect(memcmp(ev->dim[NPSD_DIM_location].p, text, 256) == 0, "location of %d", i);
	cr_expect_eq(ev->dim[NPSD_DIM_location].n, 8 * 256 + 7);
	sprintf(text, "b%0255d", i);
	for (int dim = NPSD_DIM_channel; dim <= NPSD_DIM_survey_id; dim++)
		cr_expect(npsd_str_eq(ev->dim[dim], npsd_str(text)), "dimension %d of %d", dim, i);
	cr_expect(npsd_str_eq(ev->dim[NPSD_DIM_owner], npsd_str(text)), "owner of %d", i);
	cr_expect(npsd_str_eq(ev->respondent, npsd_str(text)), "respondent of %d", i);
	sprintf(text, "b%0255d", 15);
	cr_expect(ev->nthemes == 16 && npsd_str_eq(ev->theme[15], npsd_str(text)), "themes of %d", i);
	cr_expect(ev->comment.n == 4096 && memcmp(ev->comment.p, "a000", 4) == 0, "comment of %d", i);
}

/* Strings are valid until the reset: a group of the longest events fits in the arena. */
Test(decode, group)
{
	static char json[NPSD_DECODE_GROUP][65536];
	static struct npsd_event ev[NPSD_DECODE_GROUP];
	struct npsd_decoder *d = npsd_decoder_new(&readers->cfg);

	for (int i = 0; i < NPSD_DECODE_GROUP; i++) {
		struct npsd_record_view rec = {
		    json[i], (size_t)make_longest(json[i], i), NOW, false, 0, NULL};
		cr_assert_eq(npsd_decode(d, &ev[i], &rec).reason, NPSD_R_ok);
	}
	for (int i = 0; i < NPSD_DECODE_GROUP; i++)
		check_longest(&ev[i], i);
	npsd_decoder_free(&d);
}
