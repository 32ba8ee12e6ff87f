/* Alerts to the letter: JSON, channels, staleness. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "count/json_text.h"
#include "help_count.h"

#define DAY 86400000LL
#define HEAD "{\"type\":\"response.submitted\",\"response_id\":\"r\",\"survey_kind\":\"transactional\""
#define UPDATE "{\"type\":\"response.updated\",\"response_id\":\"r\""

struct row {
	const char *name;
	const char *events[3]; /* of one response; the last one's alert is looked at */
	const char *json, *channels;
};

static const char *const plain_options[] = {"segments=[[], [location], [attributes.plan]]", "caps.team=1"};

static const struct row rows[] = {
    {"raised, with all that an event may say",
	{HEAD ",\"score\":2,\"location\":\"north/l,s\",\"channel\":\"email\",\"stage\":\"s\",\"team\":\"t "
	      "1\",\"product\":\"p\","
	      "\"profile\":\"f\",\"language\":\"de\",\"survey_id\":\"q\",\"themes\":[\"x\",\"y\\\"\"],"
	      "\"attributes\":{\"plan\":\"pro\",\"no\":1},"
	      "\"owner\":\"ann\",\"respondent_id\":\"p1\",\"comment\":\"bad\\n\\u0001\\\\\"}"},
	"{\"id\":\"r:1\",\"kind\":\"raised\",\"severity\":\"critical\",\"reasons\":[\"detractor\"],"
	"\"incident\":1,\"response_id\":\"r\","
	"\"score\":2,\"comment\":\"bad\\n\\u0001\\\\\",\"has_comment\":true,\"owner\":\"ann\",\"respondent_"
	"id\":\"p1\","
	"\"survey_kind\":\"transactional\",\"location\":\"north/"
	"l,s\",\"channel\":\"email\",\"stage\":\"s\",\"team\":\"t 1\","
	"\"product\":\"p\",\"profile\":\"f\",\"language\":\"de\",\"survey_id\":\"q\",\"themes\":[\"x\","
	"\"y\\\"\"],"
	"\"attributes\":{\"plan\":\"pro\"},\"responded_at_ms\":1795381445000,\"at_ms\":1795381445000,"
	"\"seg\":\"kind=transactional,location=north/l%2Cs\",\"source\":\"survey-events/0/"
	"0\",\"contract\":1}",
	"all severity:critical location:north location:north/l%2Cs team:t 1 owner:ann"},
    {"raised, with as little as may be", {HEAD ",\"score\":6}"},
	"{\"id\":\"r:1\",\"kind\":\"raised\",\"severity\":\"moderate\",\"reasons\":[\"detractor\"],"
	"\"incident\":1,\"response_id\":\"r\","
	"\"score\":6,\"has_comment\":false,\"survey_kind\":\"transactional\",\"responded_at_ms\":"
	"1795381445000,"
	"\"at_ms\":1795381445000,\"seg\":\"kind=transactional,location=__none__\",\"source\":\"survey-events/"
	"0/0\",\"contract\":1}",
	"all severity:moderate"},
    {"changed: told to the old and the new",
	{HEAD ",\"score\":6,\"location\":\"n/a\",\"owner\":\"ann\",\"channel\":\"web\"}",
	    HEAD ",\"score\":4,\"location\":\"n/"
		 "b\",\"owner\":\"bob\",\"comment\":\"c\",\"updated_at\":1795381446}"},
	"{\"id\":\"r:2\",\"kind\":\"changed\",\"severity\":\"high\",\"reasons\":[\"score\",\"owner\","
	"\"comment\",\"location\",\"channel\"],"
	"\"incident\":1,\"response_id\":\"r\",\"score\":4,\"prev_score\":6,\"comment\":\"c\",\"has_comment\":"
	"true,\"owner\":\"bob\","
	"\"survey_kind\":\"transactional\",\"location\":\"n/"
	"b\",\"responded_at_ms\":1795381445000,\"at_ms\":1795381446000,"
	"\"seg\":\"kind=transactional,location=n/b\",\"source\":\"survey-events/0/1\",\"contract\":1}",
	"all severity:high location:n location:n/b owner:bob severity:moderate location:n/a owner:ann"},
    {"retracted: the severity last told, the new dimensions",
	{HEAD ",\"score\":3,\"team\":\"t\",\"location\":\"n\"}",
	    HEAD ",\"score\":10,\"team\":\"u\",\"location\":\"n\"}"},
	"{\"id\":\"r:2\",\"kind\":\"retracted\",\"severity\":\"high\",\"reasons\":[\"score\"],\"incident\":1,"
	"\"response_id\":\"r\","
	"\"score\":10,\"prev_score\":3,\"has_comment\":false,\"survey_kind\":\"transactional\",\"location\":"
	"\"n\",\"team\":\"u\","
	"\"responded_at_ms\":1795381445000,\"at_ms\":1795381445000,\"seg\":\"kind=transactional,location=n\","
	"\"source\":\"survey-events/0/1\",\"contract\":1}",
	"all severity:high location:n team:u team:t"},
    {"raised again: a new incident, told to the new alone",
	{HEAD ",\"score\":3,\"team\":\"t\"}", HEAD ",\"score\":null}", HEAD ",\"score\":0,\"team\":\"u\"}"},
	"{\"id\":\"r:3\",\"kind\":\"raised\",\"severity\":\"critical\",\"reasons\":[\"detractor\"],"
	"\"incident\":3,\"response_id\":\"r\","
	"\"score\":0,\"has_comment\":false,\"survey_kind\":\"transactional\",\"team\":\"u\","
	"\"responded_at_ms\":1795381445000,\"at_ms\":1795381445000,\"seg\":\"kind=transactional,location=__"
	"none__\","
	"\"source\":\"survey-events/0/2\",\"contract\":1}",
	"all severity:critical team:u"},
    {"changed by an update: what it does not mention comes from the ledger",
	{HEAD ",\"score\":6,\"location\":\"n/a\",\"owner\":\"ann\",\"channel\":\"web\",\"team\":\"t\","
	      "\"themes\":[\"y\",\"x\"],\"attributes\":{\"plan\":\"pro\"},\"comment\":\"c\",\"respondent_"
	      "id\":\"p\"}",
	    UPDATE ",\"score\":2}"},
	"{\"id\":\"r:2\",\"kind\":\"changed\",\"severity\":\"critical\",\"reasons\":[\"score\"],\"incident\":"
	"1,"
	"\"response_id\":\"r\",\"score\":2,\"prev_score\":6,\"has_comment\":true,\"owner\":\"ann\","
	"\"survey_kind\":\"transactional\",\"location\":\"n/a\",\"channel\":\"web\",\"team\":\"t\","
	"\"themes\":[\"y\",\"x\"],\"attributes\":{\"plan\":\"pro\"},\"responded_at_ms\":1795381445000,"
	"\"at_ms\":1795381445000,\"seg\":\"kind=transactional,location=n/a\","
	"\"source\":\"survey-events/0/1\",\"contract\":1}",
	"all severity:critical location:n location:n/a team:t owner:ann severity:moderate"},
    {"changed by an update that takes away and moves",
	{HEAD ",\"score\":6,\"location\":\"n/a\",\"owner\":\"ann\",\"team\":\"t\",\"comment\":\"c\"}", UPDATE
	    ",\"survey_kind\":\"other\",\"location\":\"m\",\"owner\":\"bob\",\"team\":\"\",\"comment\":\"\","
	    "\"respondent_id\":\"p\",\"updated_at\":1795381446}"},
	"{\"id\":\"r:2\",\"kind\":\"changed\",\"severity\":\"moderate\","
	"\"reasons\":[\"owner\",\"survey_kind\",\"location\",\"team\"],\"incident\":1,"
	"\"response_id\":\"r\",\"score\":6,\"has_comment\":false,\"owner\":\"bob\",\"respondent_id\":\"p\","
	"\"survey_kind\":\"other\",\"location\":\"m\",\"responded_at_ms\":1795381445000,"
	"\"at_ms\":1795381446000,\"seg\":\"kind=other,location=m\","
	"\"source\":\"survey-events/0/1\",\"contract\":1}",
	"all severity:moderate location:m owner:bob location:n location:n/a team:t owner:ann"},
    {"lifted by an update",
	{HEAD ",\"score\":1,\"location\":\"n\",\"owner\":\"ann\"}", UPDATE ",\"score\":4,\"comment\":\"c\"}",
	    UPDATE ",\"score\":null}"},
	"{\"id\":\"r:3\",\"kind\":\"retracted\",\"severity\":\"high\",\"reasons\":[\"score\"],\"incident\":1,"
	"\"response_id\":\"r\",\"prev_score\":4,\"has_comment\":true,\"owner\":\"ann\","
	"\"survey_kind\":\"transactional\",\"location\":\"n\",\"responded_at_ms\":1795381445000,"
	"\"at_ms\":1795381445000,\"seg\":\"kind=transactional,location=n\","
	"\"source\":\"survey-events/0/2\",\"contract\":1}",
	"all severity:high location:n owner:ann"},
    {"withdrawn: the old dimensions",
	{HEAD
	    ",\"score\":3,\"location\":\"n/a\",\"owner\":\"ann\",\"channel\":\"web\",\"team\":\"t\","
	    "\"themes\":[\"x\"],\"attributes\":{\"plan\":\"pro\"},\"comment\":\"c\",\"respondent_id\":\"p\"}",
	    "{\"type\":\"response.retracted\",\"response_id\":\"r\",\"score\":9,\"location\":\"z\","
	    "\"comment\":\"d\",\"respondent_id\":\"q\",\"updated_at\":1795381446}"},
	"{\"id\":\"r:2\",\"kind\":\"retracted\",\"severity\":\"high\",\"reasons\":[\"withdrawn\"],"
	"\"incident\":1,"
	"\"response_id\":\"r\",\"prev_score\":3,\"has_comment\":true,\"owner\":\"ann\","
	"\"survey_kind\":\"transactional\",\"location\":\"n/a\",\"channel\":\"web\",\"team\":\"t\","
	"\"themes\":[\"x\"],\"attributes\":{\"plan\":\"pro\"},\"responded_at_ms\":1795381445000,"
	"\"at_ms\":1795381446000,\"seg\":\"kind=transactional,location=n/a\","
	"\"source\":\"survey-events/0/1\",\"contract\":1}",
	"all severity:high location:n location:n/a team:t owner:ann"},
    {"excluded, of one without anything", {HEAD ",\"score\":3}", HEAD ",\"score\":3,\"excluded\":\"true\"}"},
	"{\"id\":\"r:2\",\"kind\":\"retracted\",\"severity\":\"high\",\"reasons\":[\"excluded\"],"
	"\"incident\":1,"
	"\"response_id\":\"r\",\"prev_score\":3,\"has_comment\":false,\"survey_kind\":\"transactional\","
	"\"responded_at_ms\":1795381445000,\"at_ms\":1795381445000,"
	"\"seg\":\"kind=transactional,location=__none__\",\"source\":\"survey-events/0/1\",\"contract\":1}",
	"all severity:high"},
    {"revived: a new incident, nothing of the old one",
	{HEAD ",\"score\":3,\"team\":\"t\"}", "{\"type\":\"response.retracted\",\"response_id\":\"r\"}",
	    UPDATE ",\"survey_kind\":\"other\",\"score\":1,\"responded_at\":1795381440}"},
	"{\"id\":\"r:3\",\"kind\":\"raised\",\"severity\":\"critical\",\"reasons\":[\"detractor\"],"
	"\"incident\":3,"
	"\"response_id\":\"r\",\"score\":1,\"has_comment\":false,\"survey_kind\":\"other\","
	"\"responded_at_ms\":1795381440000,\"at_ms\":1795381440000,\"seg\":\"kind=other,location=__none__\","
	"\"source\":\"survey-events/0/2\",\"contract\":1}",
	"all severity:critical"},
};

static struct rig *run(const char *const *options, int noptions, const char *const *events, int n)
{
	struct rig *r = rig_new(options, noptions);

	rig_take(r, 0, 0, 0);
	for (int i = 0; i < n && events[i]; i++)
		rig_record(r, 0, i, RIG_NOW, events[i]);
	rig_run(r);
	return r;
}

Test(alert, to_the_letter)
{
	static const char *const options[] = {
	    "segments=[[], [location], [attributes.plan]]", "location.required=false"};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct rig *r = run(options, 2, rows[i].events, 3);

		cr_assert_gt(r->nalert, 0, "%s", rows[i].name);
		cr_expect_str_eq(r->alert[r->nalert - 1].json, rows[i].json, "%s: %s", rows[i].name,
		    r->alert[r->nalert - 1].json);
		cr_expect_str_eq(r->alert[r->nalert - 1].channels, rows[i].channels, "%s: %s", rows[i].name,
		    r->alert[r->nalert - 1].channels);
		cr_expect_str_eq(r->alert[0].response_id, "r");
		cr_expect_str_eq(r->alert[0].source, "survey-events/0/0");
		rig_free(&r);
	}
}

/* What makes an entry and what does not: two events of a response, alerts in all. */
Test(alert, what_is_told)
{
	static const struct {
		const char *name, *first, *second, *told;
	} tells[] = {
	    {"no detractor", ",\"score\":7}", ",\"score\":10}", ""},
	    {"without a score", ",\"score\":null}", ",\"score\":9}", ""},
	    {"becomes one", ",\"score\":7}", ",\"score\":6}", "raised "},
	    {"the same again", ",\"score\":6}", ",\"score\":6}", "raised "},
	    {"another score", ",\"score\":6}", ",\"score\":5}", "raised changed "},
	    {"lifted", ",\"score\":6}", ",\"score\":7}", "raised retracted "},
	    {"the score is taken away", ",\"score\":6}", ",\"score\":null}", "raised retracted "},
	    {"a comment comes", ",\"score\":6}", ",\"score\":6,\"comment\":\"a\"}", "raised changed "},
	    {"another comment", ",\"score\":6,\"comment\":\"b\"}", ",\"score\":6,\"comment\":\"a\"}",
		"raised changed "},
	    {"the same comment", ",\"score\":6,\"comment\":\"a\"}", ",\"score\":6,\"comment\":\"a\"}",
		"raised "},
	    {"a comment goes", ",\"score\":6,\"comment\":\"a\"}", ",\"score\":6}", "raised "},
	    {"an owner comes", ",\"score\":6}", ",\"score\":6,\"owner\":\"a\"}", "raised changed "},
	    {"an attribute that is no dimension", ",\"score\":6}",
		",\"score\":6,\"attributes\":{\"x\":\"1\"}}", "raised "},
	    {"an attribute that is one", ",\"score\":6}", ",\"score\":6,\"attributes\":{\"plan\":\"1\"}}",
		"raised changed "},
	    {"themes in another order", ",\"score\":6,\"themes\":[\"a\",\"b\"]}",
		",\"score\":6,\"themes\":[\"b\",\"a\"]}", "raised "},
	    {"another theme", ",\"score\":6,\"themes\":[\"a\",\"b\"]}", ",\"score\":6,\"themes\":[\"b\"]}",
		"raised changed "},
	    {"another kind", ",\"score\":6}", ",\"score\":6,\"survey_kind\":\"other\"}", "raised changed "},
	    {"beyond the cap, values are not told apart", ",\"score\":6,\"team\":\"u\"}",
		",\"score\":6,\"team\":\"v\"}", "raised "},
	    {"from within the cap to beyond it", ",\"score\":6,\"team\":\"t\"}",
		",\"score\":6,\"team\":\"v\"}", "raised changed "},
	    {"updated, and nothing else", ",\"score\":6}", ",\"type\":\"response.updated\"}", "raised "},
	    {"the comment is mentioned again", ",\"score\":6,\"comment\":\"a\"}",
		",\"type\":\"response.updated\",\"comment\":\"a\"}", "raised "},
	    {"withdrawn", ",\"score\":6}", ",\"type\":\"response.retracted\"}", "raised retracted "},
	    {"withdrawn, and never a detractor", ",\"score\":7}", ",\"type\":\"response.retracted\"}", ""},
	    {"excluded", ",\"score\":6}", ",\"excluded\":true}", "raised retracted "},
	    {"an explicit none is none", ",\"score\":6}", ",\"score\":6,\"team\":\"__none__\"}", "raised "},
	};

	for (size_t i = 0; i < sizeof tells / sizeof tells[0]; i++) {
		char first[512], second[512], told[64] = "";
		const char *events[] = {"{\"type\":\"response.submitted\",\"response_id\":\"x\",\"score\":9,"
					"\"survey_kind\":\"other\","
					"\"location\":\"a\",\"team\":\"t\"}",
		    first, second};
		struct rig *r;

		snprintf(first, sizeof first, HEAD ",\"location\":\"a\"%s", tells[i].first);
		snprintf(second, sizeof second, HEAD ",\"location\":\"a\"%s", tells[i].second);
		r = run(plain_options, 2, events, 3);
		cr_expect_eq(rig_total(r, "counted"), 3);
		for (size_t a = 0; a < r->nalert; a++) {
			strcat(told, r->alert[a].kind);
			strcat(told, " ");
		}
		cr_expect_str_eq(told, tells[i].told, "%s: %s", tells[i].name, told);
		rig_free(&r);
	}
}

Test(alert, what_the_options_keep_back)
{
	static const char *const event[] = {HEAD ",\"score\":0,\"location\":\"a\",\"comment\":\"secret\","
						 "\"respondent_id\":\"what do ya want for nothing?\"}"};
	static const struct {
		const char *options[3], *absent, *present;
	} keeps[] = {
	    {{"segments=[[]]", "alerts.comment=off"}, "secret", "\"has_comment\":true"},
	    {{"segments=[[]]", "alerts.respondent=off"}, "respondent_id", "\"comment\":\"secret\""},
	    /* RFC 4231, test case 2 */
	    {{"segments=[[]]", "alerts.respondent=keyed", "alerts.respondent_key=Jefe"}, "want",
		"\"respondent_id\":\"5bdcc146bf60754e6a042426089575c7\""},
	    {{"segments=[[]]"}, "\"seg\"", "\"respondent_id\":\"what do ya want for nothing?\""},
	};

	for (size_t i = 0; i < sizeof keeps / sizeof keeps[0]; i++) {
		int n = keeps[i].options[2] ? 3 : keeps[i].options[1] ? 2 : 1;
		struct rig *r = run(keeps[i].options, n, event, 1);

		cr_assert_eq(r->nalert, 1);
		cr_expect_null(strstr(r->alert[0].json, keeps[i].absent), "%s", r->alert[0].json);
		cr_expect_not_null(strstr(r->alert[0].json, keeps[i].present), "%s", r->alert[0].json);
		rig_free(&r);
	}
}

Test(alert, an_old_answer_is_stale_but_not_its_edit)
{
	static const char *const events[] = {HEAD
	    ",\"score\":0,\"location\":\"a\",\"responded_at\":\"2026-11-20T21:04:05Z\"}",
	    HEAD ",\"score\":1,\"location\":\"a\",\"responded_at\":\"2026-11-20T21:04:05Z\"}"};
	struct rig *r = run(plain_options, 2, events, 2);

	cr_assert_eq(r->nalert, 2);
	cr_expect_eq(r->alert[0].stale_after_ms, RIG_NOW - 2 * DAY + DAY);
	cr_expect_eq(r->alert[1].stale_after_ms, RIG_NOW + DAY);
	cr_expect_eq(r->alert[1].at_ms, RIG_NOW - 2 * DAY);
	rig_free(&r);
}

/* A first or reviving event is as old as what it tells; an edit and a withdrawal as their record. */
Test(alert, an_old_answer_that_is_withdrawn_and_given_again)
{
	static const char *const events[] = {HEAD
	    ",\"score\":0,\"location\":\"a\",\"responded_at\":\"2026-11-22T21:04:05Z\"}",
	    "{\"type\":\"response.retracted\",\"response_id\":\"r\"}",
	    HEAD ",\"score\":1,\"location\":\"a\",\"responded_at\":\"2026-11-20T21:04:05Z\"}"};
	struct rig *r = run(plain_options, 2, events, 3);

	cr_assert_eq(r->nalert, 3);
	cr_expect_eq(r->alert[0].stale_after_ms, RIG_NOW + DAY);
	cr_expect_eq(r->alert[1].stale_after_ms, RIG_NOW + DAY);
	cr_expect_eq(r->alert[2].stale_after_ms, RIG_NOW - DAY);
	rig_free(&r);
}

/* The ledger keeps no text beyond a cap: an event that does not mention it tells nothing in its place. */
Test(alert, what_is_beyond_a_cap_is_told_only_where_it_is_mentioned)
{
	static const char *const options_[] = {
	    "segments=[[], [location]]", "caps.team=1", "caps.theme=1", "caps.location=2"};
	static const char *const events[] = {
	    "{\"type\":\"response.submitted\",\"response_id\":\"x\",\"survey_kind\":\"other\",\"score\":9,"
	    "\"location\":\"n/a\",\"team\":\"t\",\"themes\":[\"x\"]}",
	    HEAD ",\"score\":3,\"location\":\"n/b\",\"team\":\"u\",\"themes\":[\"x\",\"z\"]}",
	    UPDATE ",\"score\":4}"};
	struct rig *r = run(options_, 4, events, 3);

	cr_assert_eq(r->nalert, 2);
	cr_expect(strstr(r->alert[0].json, "\"location\":\"n/b\",\"team\":\"u\",\"themes\":[\"x\",\"z\"]"),
	    "%s", r->alert[0].json);
	cr_expect_str_eq(r->alert[0].channels, "all severity:high location:n location:n/b team:u");
	cr_expect(strstr(r->alert[1].json, "\"survey_kind\":\"transactional\",\"themes\":[\"x\"],"), "%s",
	    r->alert[1].json);
	cr_expect(strstr(r->alert[1].json, "\"seg\":\"kind=transactional,location=__other__\""), "%s",
	    r->alert[1].json);
	cr_expect_str_eq(r->alert[1].channels, "all severity:high location:n");
	rig_free(&r);
}

/* A region hears of a unit beyond the cap, also where the event that makes it a detractor does not name the
 * place. */
Test(alert, ancestors_within_the_cap_hear_of_what_is_beyond_it)
{
	static const char *const options_[] = {"segments=[[], [location]]", "caps.location=2"};
	static const char *const events[] = {
	    "{\"type\":\"response.submitted\",\"response_id\":\"x\",\"survey_kind\":\"other\",\"score\":9,"
	    "\"location\":\"n/a\"}",
	    HEAD ",\"score\":9,\"location\":\"n/b\"}", UPDATE ",\"score\":3}"};
	struct rig *r = run(options_, 2, events, 3);

	cr_assert_eq(r->nalert, 1);
	cr_expect_str_eq(r->alert[0].kind, "raised");
	cr_expect_null(strstr(r->alert[0].json, "\"location\":"), "%s", r->alert[0].json);
	cr_expect_str_eq(r->alert[0].channels, "all severity:high location:n");
	rig_free(&r);
}

Test(alert, a_time_keeps_all_its_digits)
{
	static const char *const event[] = {HEAD
	    ",\"score\":0,\"location\":\"a\",\"updated_at\":999999999999999999,\"responded_at\":1795381445}"};
	struct rig *r = run(plain_options, 2, event, 1);

	cr_assert_eq(r->nalert, 1);
	cr_expect_eq(r->alert[0].at_ms, 999999999999999999);
	cr_expect(strstr(r->alert[0].json, "\"at_ms\":999999999999999999,"), "%s", r->alert[0].json);
	rig_free(&r);
}

Test(alert, an_id_may_be_any_bytes)
{
	static const char *const event[] = {
	    "{\"type\":\"response.submitted\",\"response_id\":\"a\\u0000\\\"b\",\"score\":0,"
	    "\"survey_kind\":\"other\",\"location\":\"a\"}"};
	struct rig *r = run(plain_options, 2, event, 1);

	cr_assert_eq(r->nalert, 1);
	cr_expect_eq(r->alert[0].id_len, 6);
	cr_expect_eq(memcmp(r->alert[0].id, "a\0\"b:1", 6), 0);
	cr_expect(strstr(r->alert[0].json, "{\"id\":\"a\\u0000\\\"b:1\","), "%s", r->alert[0].json);
	rig_free(&r);
}

Test(json, text)
{
	static const struct {
		struct npsd_str in;
		const char *out;
	} texts[] = {
	    {{"", 0}, "\"\""},
	    {{"plain", 5}, "\"plain\""},
	    {{"\"\\/", 3}, "\"\\\"\\\\/\""},
	    {{"\b\f\n\r\t", 5}, "\"\\b\\f\\n\\r\\t\""},
	    {{"\0\x1f\x7f", 3}, "\"\\u0000\\u001f\x7f\""},
	    {{"größe \xe2\x80\xa8", 11}, "\"größe \xe2\x80\xa8\""},
	};
	struct npsd_buf b;

	npsd_buf_init(&b, 1000);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		npsd_buf_clear(&b);
		npsd_json_text(&b, texts[i].in);
		cr_expect(npsd_str_eq(npsd_buf_str(&b), npsd_str(texts[i].out)), "%.*s", (int)b.n, b.p);
	}
	npsd_buf_free(&b);
}
