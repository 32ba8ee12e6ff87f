/* The fields that each type of event needs, may omit, and does not read. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "help_decode.h"

#define NOW 1795381445000 /* 2026-11-22T21:04:05Z, the record's timestamp */

struct row {
	const char *name, *json;
	const char *expect; /* a part of the result */
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

TestSuite(decode_types, .init = set_up, .fini = tear_down);

static void check(const struct row *t)
{
	struct npsd_verdict v;
	const char *differ = readers_decode(readers, &v, t->json, strlen(t->json), NOW, false);

	cr_expect(!differ, "%s: %s", t->name, differ);
	cr_expect(
	    strstr(readers->text[0], t->expect), "%s: %s is not in %s", t->name, t->expect, readers->text[0]);
}

#define CHECK(rows)                                                                                          \
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows)[0]; i++)                                          \
	check(&(rows)[i])

#define UPDATED(more) "{\"type\":\"response.updated\",\"response_id\":\"r1\"" more "}"

Test(decode_types, an_update_says_what_it_mentions)
{
	static const struct row rows[] = {
	    {"nothing", UPDATED(""),
		"id=r1;type=1;revision=0;score=-2;kind=0;default=0;event=1795381445000;"
		"updated=none;undated=1;responded=0;themes=0/0;"},
	    {"kind", UPDATED(",\"survey_kind\":\"other\""), "kind=3;"},
	    {"no kind", UPDATED(",\"survey_kind\":null"), "kind=0;"},
	    {"score", UPDATED(",\"score\":\"7\""), "score=7;"},
	    {"score withdrawn", UPDATED(",\"score\":null"), "score=-1;"},
	    {"location", UPDATED(",\"location\":\"/a//b\""), "responded=0;location=a/b;themes"},
	    {"no location", UPDATED(",\"location\":null"), "responded=0;themes"},
	    {"text emptied", UPDATED(",\"channel\":\"\""), "responded=0;channel=;themes"},
	    {"attribute", UPDATED(",\"attributes\":{\"plan\":\"pro\"}"), "responded=0;plan=pro;themes"},
	    {"themes emptied", UPDATED(",\"themes\":[]"), "themes=1/0;"},
	    {"comment emptied", UPDATED(",\"comment\":\"\""), "comment=;"},
	    {"order", UPDATED(",\"revision\":2,\"updated_at\":9"), "revision=2;"},
	    {"time", UPDATED(",\"updated_at\":9"), "event=9000;updated=9000;undated=0;responded=0;"},
	    {"its first time", UPDATED(",\"responded_at\":8,\"updated_at\":9"),
		"event=8000;updated=9000;undated=0;responded=1;"},
	};

	CHECK(rows);
}

Test(decode_types, what_an_update_mentions_is_judged)
{
	static const struct row rows[] = {
	    {"revision", UPDATED(",\"revision\":0"), "bad_field 57 revision"},
	    {"kind", UPDATED(",\"survey_kind\":\"x\""), "bad_field 60 survey_kind"},
	    {"channel", UPDATED(",\"channel\":1"), "bad_field 56 channel"},
	    {"attribute", UPDATED(",\"attributes\":{\"plan\":1}"), "bad_field 67 attributes"},
	    {"themes", UPDATED(",\"themes\":\"a\""), "bad_field 55 themes"},
	    {"comment", UPDATED(",\"comment\":1"), "bad_field 56 comment"},
	    {"excluded", UPDATED(",\"excluded\":1"), "bad_field 57 excluded"},
	    {"responded_at", UPDATED(",\"responded_at\":\"x\""), "no_time 61 responded_at"},
	    {"updated_at", UPDATED(",\"updated_at\":\"x\""), "no_time 59 updated_at"},
	    {"future", UPDATED(",\"at\":9e9"), "future 51 at"},
	    {"a location that is none", UPDATED(",\"location\":\"//\""), "no_location 57 location"},
	    {"scale", UPDATED(",\"scale\":[0,5]"), "wrong_scale 54 scale"},
	    {"score", UPDATED(",\"score\":9.5"), "bad_score 54 score"},
	    {"range", UPDATED(",\"score\":11"), "out_of_range 54 score"},
	    {"id", "{\"type\":\"response.updated\",\"invitation_id\":\"i\"}", "no_id 0 response_id"},
	};

	CHECK(rows);
}

/* The default applies to a new response. An `updated` may create one or edit one, so it has the default
 * apart. */
Test(decode_types, default_kind)
{
	static const struct row rows[] = {
	    {"update", UPDATED(""), "kind=0;default=2;"},
	    {"update with a kind", UPDATED(",\"survey_kind\":\"other\""), "kind=3;default=2;"},
	    {"submitted",
		"{\"type\":\"response.submitted\",\"response_id\":\"r1\",\"location\":\"a\",\"score\":1}",
		"kind=2;default=2;"},
	    {"invited", "{\"type\":\"survey.invited\",\"invitation_id\":\"i1\",\"location\":\"a\"}",
		"kind=2;default=2;"},
	};

	readers->cfg.default_kind = NPSD_KIND_RELATIONAL;
	CHECK(rows);
}

Test(decode_types, default_kind_of_a_topic)
{
	static const char json[] =
	    "{\"type\":\"response.submitted\",\"response_id\":\"r1\",\"location\":\"a\",\"score\":1}";
	static const uint8_t own[] = {NPSD_TOPIC_KIND_INHERITED, NPSD_KIND_OTHER, NPSD_TOPIC_KIND_NONE};
	static const char *const expect[] = {
	    "kind=2;default=2;", "kind=3;default=3;", "no_kind 0 survey_kind"};

	readers->cfg.default_kind = NPSD_KIND_RELATIONAL;
	memcpy(readers->cfg.topic_kind, own, sizeof own);
	for (readers->topic = 0; readers->topic < 3; readers->topic++)
		check(&(struct row){"topic", json, expect[readers->topic]});
}

Test(decode_types, location_may_be_emptied_where_none_is_required)
{
	static const struct row rows[] = {
	    {"update", UPDATED(",\"location\":\"//\""), "responded=0;location=;themes"},
	    {"invited", "{\"type\":\"survey.invited\",\"invitation_id\":\"i1\",\"survey_kind\":\"other\"}",
		"type=3;"},
	};

	readers->cfg.location_required = false;
	CHECK(rows);
}

#define ALL_WRONG                                                                                            \
	",\"survey_kind\":1,\"location\":2,\"channel\":3,\"attributes\":4,\"themes\":5,\"respondent_id\":6," \
	"\"owner\":7,\"comment\":8,\"scale\":9,\"score\":\"x\""

Test(decode_types, a_retraction_is_its_id_order_and_time)
{
	static const struct row rows[] = {
	    {"bare", "{\"type\":\"response.retracted\",\"response_id\":\"r1\"}",
		"id=r1;type=2;revision=0;score=-2;kind=0;default=0;event=1795381445000;updated=none;undated="
		"1;"
		"responded=0;themes=0/0;"},
	    {"nothing else",
		"{\"type\":\"response.retracted\",\"response_id\":\"r1\",\"excluded\":1" ALL_WRONG "}",
		"id=r1;type=2;revision=0;score=-2;kind=0;"},
	    {"by a switch",
		"{\"type\":\"response.submitted\",\"response_id\":\"r1\",\"excluded\":true,\"revision\":4,"
		"\"updated_at\":9,\"responded_at\":8" ALL_WRONG "}",
		"id=r1;type=2;revision=4;score=-2;kind=0;default=0;event=8000;updated=9000;undated=0;"
		"responded=1;"
		"themes=0/0;"},
	    {"by a word", UPDATED(",\"excluded\":\"true\""), "type=2;"},
	    {"not by false", UPDATED(",\"excluded\":\"false\""), "type=1;"},
	    {"metric", "{\"type\":\"response.retracted\",\"metric\":\"csat\"}", "other_metric 38 metric"},
	    {"id", "{\"type\":\"response.retracted\",\"response_id\":\"\"}", "no_id 43 response_id"},
	    {"revision", "{\"type\":\"response.retracted\",\"response_id\":\"r1\",\"revision\":\"1\"}",
		"bad_field 59 revision"},
	    {"time", "{\"type\":\"response.retracted\",\"response_id\":\"r1\",\"at\":\"1x\"}",
		"no_time 53 at"},
	    {"order", "{\"type\":\"response.retracted\",\"response_id\":\"r1\",\"at\":1,\"updated_at\":\"\"}",
		"no_time 68 updated_at"},
	    {"future", "{\"type\":\"response.retracted\",\"response_id\":\"r1\",\"at\":9e9}", "future 53 at"},
	};

	CHECK(rows);
}

#define INVITED(more)                                                                                        \
	"{\"type\":\"survey.invited\",\"invitation_id\":\"i1\",\"survey_kind\":\"other\",\"location\":\"a/"  \
	"b\"" more "}"

Test(decode_types, stages_of_an_invitation)
{
	static const char *const names[] = {
	    "invited", "delivered", "opened", "declined", "bounced", "unsubscribed"};
	static const struct row rows[] = {
	    {"its own id", INVITED(",\"response_id\":\"r1\""), "id=i1;type=3;"},
	    {"record's time", INVITED(""), "event=1795381445000;updated=none;undated=1;responded=0;"},
	    {"at", INVITED(",\"at\":5,\"invited_at\":\"?\""), "event=5000;updated=none;undated=0;"},
	    {"invited_at", INVITED(",\"invited_at\":6,\"responded_at\":\"?\",\"updated_at\":\"?\""),
		"event=6000;updated=none;undated=0;responded=0;"},
	    {"score and scale", INVITED(",\"score\":\"x\",\"scale\":5"), "score=-2;"},
	    {"dimensions", INVITED(",\"channel\":\"sms\",\"themes\":[\"x\"]"),
		"location=a/b;channel=sms;themes=1/1;theme=x;"},
	    {"excluded does nothing", INVITED(",\"excluded\":true"), "type=3;"},
	};

	CHECK(rows);
	for (int i = 0; i < 6; i++) {
		char json[256], expect[16];
		snprintf(json, sizeof json, INVITED(",\"type\":\"survey.%s\""), names[i]);
		snprintf(expect, sizeof expect, "type=%d;", NPSD_T_INVITED + i);
		check(&(struct row){names[i], json, expect});
	}
}

Test(decode_types, what_a_stage_lacks)
{
	static const struct row rows[] = {
	    {"metric", INVITED(",\"metric\":\"csat\""), "other_metric 94 metric"},
	    {"id", "{\"type\":\"survey.opened\",\"response_id\":\"r\"}", "no_id 0 invitation_id"},
	    {"empty id", INVITED(",\"invitation_id\":\"\""), "no_id 101 invitation_id"},
	    {"revision", INVITED(",\"revision\":0"), "bad_field 96 revision"},
	    {"channel", INVITED(",\"channel\":1"), "bad_field 95 channel"},
	    {"excluded", INVITED(",\"excluded\":1"), "bad_field 96 excluded"},
	    {"at", INVITED(",\"at\":\"x\",\"invited_at\":1"), "no_time 90 at"},
	    {"invited_at", INVITED(",\"invited_at\":true"), "no_time 98 invited_at"},
	    {"future", INVITED(",\"invited_at\":9e9"), "future 98 invited_at"},
	    {"kind", INVITED(",\"survey_kind\":null"), "no_kind 99 survey_kind"},
	    {"location", INVITED(",\"location\":\"/\""), "no_location 96 location"},
	};

	CHECK(rows);
}
