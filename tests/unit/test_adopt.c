/* A configuration continues a stored one: numbers, times, and options that cannot change. */
#include <criterion/criterion.h>

#include "help_adopt.h"
#include "npsd/event.h"

#define H INT64_C(3600000)
#define D (24 * H)
#define M INT64_C(60000)

static const struct npsd_config_now never = {NPSD_TIME_NONE, NPSD_TIME_NONE};

Test(adopt, the_same_file_has_the_same_hash_in_every_later_start)
{
	const char *text = help_text("segments=[[], [location]]", "windows=[1h, 7d]", NULL);
	struct npsd_config *cfg = help_adopt(text, (struct npsd_config_now){5 * D, 6 * D},
	    "segments=[[], [location], [channel]]", "windows=[1h, 7d, 30d]");

	help_has(cfg, "segments=0 all;1 location;2 channel 432000001");
	help_has(cfg, "sets.given=3");
	/* 6 d is in the pane that ends an hour later; panes of two weeks before that are kept */
	help_has(cfg, "windows=1h,7d,30d -687600000");
	for (int i = 0; i < 2; i++) {
		struct npsd_config *again = help_adopt(
		    cfg->text, never, "segments=[[channel], [location], []]", "windows=[30d, 7d, 1h]");

		cr_expect_str_eq(again->hash, cfg->hash, "the same sets and windows in another order");
		npsd_config_free(&again);
	}
	npsd_config_free(&cfg);
}

Test(adopt, a_number_is_never_assigned_twice)
{
	const char *text = help_text("segments=[[], [location], [channel]]", NULL, NULL);
	struct npsd_config *without = help_adopt(text, never, "segments=[[]]", NULL), *with;

	help_has(without, "segments=0 all");
	help_has(without, "sets.given=3");
	with = help_adopt(without->text, (struct npsd_config_now){7, 7},
	    "segments=[[channel], [], [channel, location]]", NULL);
	help_has(with, "segments=0 all;3 channel 8;4 channel,location 8");
	cr_expect_eq(with->sets.set[0].number, 3);
	cr_expect_eq(with->sets.set[0].since_ms, 8);
	npsd_config_free(&without);
	npsd_config_free(&with);
}

Test(adopt, attributes_keep_their_numbers)
{
	const char *text =
	    help_text("segments=[[attributes.plan], [attributes.seat]]", "caps={attributes.plan: 7}", NULL);
	struct npsd_config *cfg = help_adopt(text, (struct npsd_config_now){7, 7},
			       "segments=[[attributes.new], [attributes.seat]]", NULL),
			   *older;

	help_has(cfg, "attributes=plan,seat,new");
	help_has(cfg, "caps.attributes.plan=7");
	cr_expect_eq(cfg->sets.set[0].dims[0], NPSD_DIM_ATTR0 + 2);
	cr_expect_eq(cfg->sets.set[1].dims[0], NPSD_DIM_ATTR0 + 1);
	cr_expect_eq(cfg->sets.attr_unused, 1);
	older = npsd_config_of_text(cfg->text, cfg->hash, cfg);
	cr_expect_eq(older->sets.nattr, 3);
	cr_expect_str_eq(older->sets.attr[2], "new");
	cr_expect_eq(older->sets.attr_unused, 1);
	npsd_config_free(&older);
	npsd_config_free(&cfg);
}

Test(adopt, seven_attributes_are_one_too_many)
{
	const char *text =
	    help_text("segments=[[attributes.a, attributes.b, attributes.c], [attributes.d, attributes.e]]",
		NULL, NULL);
	struct npsd_config *cfg = help_load("segments=[[attributes.f], [attributes.g]]", NULL);
	struct npsd_err err = {0};

	cr_expect_not(npsd_config_adopt(cfg, &err, text, never));
	cr_expect_eq(err.code, NPSD_LIMIT);
	cr_expect(strstr(err.text, "attributes") != NULL, "%s", err.text);
	npsd_config_free(&cfg);
}

Test(adopt, an_added_window_begins_where_its_panes_are_complete)
{
	static const struct {
		const char *stored, *added;
		int64_t t_ms, since_ms;
	} rows[] = {
	    {"windows=[1h]", "windows=[1h, 2h]", 100 * D + 1, 100 * D + M - 2 * H},
	    {"windows=[2h]", "windows=[1h, 2h]", 100 * D + 1, 100 * D + M - 4 * H},
	    {"windows=[1h]", "windows=[1h, 24h]", 100 * D + 1, 100 * D + 5 * M},
	    {"windows=[7d]", "windows=[1h, 7d]", 100 * D + M - 1, 100 * D + M},
	    {"windows=[1h, 90d]", "windows=[1h, 90d, 365d]", 1000 * D, 1001 * D - 180 * D},
	    {"windows=[1h]", "windows=[1h, 90d]", 1000 * D - 1, 1000 * D},
	    {"windows=[1h]", "windows=[1h, 2h]", -1, -2 * H},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *text = help_text(rows[i].stored, NULL, NULL);
		struct npsd_config *cfg = help_adopt(
		    text, (struct npsd_config_now){rows[i].t_ms, rows[i].t_ms}, rows[i].added, NULL);
		struct npsd_config *old = help_load(rows[i].stored, NULL);

		for (int w = 0; w < cfg->nwindows; w++) {
			bool known = false;

			for (int o = 0; o < old->nwindows; o++)
				known = known || strcmp(old->windows[o].name, cfg->windows[w].name) == 0;
			cr_expect_eq(cfg->windows[w].since_ms, known ? 0 : rows[i].since_ms, "%zu: %s %lld",
			    i, cfg->windows[w].name, (long long)cfg->windows[w].since_ms);
		}
		npsd_config_free(&old);
		npsd_config_free(&cfg);
	}
}

/* The panes of a step are complete only since the first window of that step was added. */
Test(adopt, a_second_added_window_begins_with_the_first)
{
	const char *text = help_text("windows=[1h]", NULL, NULL);
	struct npsd_config *one = help_adopt(
			       text, (struct npsd_config_now){1000 * D, 1000 * D}, "windows=[1h, 90d]", NULL),
			   *two;

	help_has(one, "windows=1h,90d 86486400000");
	two = help_adopt(
	    one->text, (struct npsd_config_now){1002 * D, 1002 * D}, "windows=[1h, 90d, 365d]", NULL);
	help_has(two, "windows=1h,90d 86486400000,365d 86486400000");
	npsd_config_free(&one);
	npsd_config_free(&two);
}

/* Panes that were dropped before the widest window was added are missing, although a narrower window was
 * configured from the start. */
Test(adopt, a_wider_window_begins_where_the_widest_of_its_step_does)
{
	const char *text = help_text("windows=[7d]", NULL, NULL);
	struct npsd_config *one = help_adopt(
			       text, (struct npsd_config_now){1000 * D, 1000 * D}, "windows=[7d, 30d]", NULL),
			   *two;

	help_has(one, "windows=7d,30d 85194000000"); /* 986 d and an hour */
	two = help_adopt(
	    one->text, (struct npsd_config_now){1010 * D, 1010 * D}, "windows=[7d, 30d, 31d]", NULL);
	help_has(two, "windows=7d,30d 85194000000,31d 85194000000");
	npsd_config_free(&two);
	two = help_adopt(
	    one->text, (struct npsd_config_now){1100 * D, 1100 * D}, "windows=[7d, 30d, 31d]", NULL);
	help_has(two, "windows=7d,30d 85194000000,31d 89859600000"); /* 60 d of panes are kept */
	npsd_config_free(&two);
	npsd_config_free(&one);
}

Test(adopt, a_rebuild_begins_everything_with_the_first_record)
{
	const char *text = help_text("segments=[[]]", "windows=[1h]", NULL);
	struct npsd_config *cfg = help_load("segments=[[], [channel]]", "windows=[1h, 7d]");
	struct npsd_err err = {0};

	cr_assert(npsd_config_adopt_anew(cfg, &err, text));
	help_has(cfg, "segments=0 all;1 channel");
	help_has(cfg, "windows=1h,7d");
	npsd_config_free(&cfg);
}

Test(adopt, some_options_only_change_by_a_rebuild)
{
	static const struct {
		const char *a, *b, *expect;
	} rows[] = {
	    {"shards=4", "shards=5", "shards"},
	    {"kinds.split=true", "kinds.split=false", "kinds.split"},
	    {"clock=wall", "clock=event", "clock"},
	    {"caps={channel: 3}", "caps={channel: 4}", "caps.channel"},
	    {"windows=[1h]", "windows=[2h]", NULL},
	    {"defaults.survey_kind=none", "defaults.survey_kind=other", NULL},
	    {"segments=[[]]", "segments=[[attributes.a]]", NULL},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct npsd_config *a = help_load(rows[i].a, NULL), *b = help_load(rows[i].b, NULL);
		const char *name = npsd_config_fixed_difference(a->text, b->text);

		cr_expect(rows[i].expect ? name && strcmp(name, rows[i].expect) == 0 : !name, "%zu: %s", i,
		    name ? name : "none");
		npsd_config_free(&a);
		npsd_config_free(&b);
	}
}

Test(adopt, what_decoding_needs_is_read_back)
{
	const char *text = help_text(
	    "defaults.survey_kind=relational", "location.required=false", "limits.event_bytes=2048");
	struct npsd_config *present = help_load("kafka.topics=[a, b]", NULL), *cfg;

	cfg = npsd_config_of_text(text, "h", present);

	cr_expect_eq(cfg->default_kind, NPSD_KIND_RELATIONAL);
	cr_expect_not(cfg->location_required);
	cr_expect_eq(cfg->event_bytes, 2048);
	cr_expect_str_eq(cfg->hash, "h");
	npsd_config_free(&cfg);
	npsd_config_free(&present);
}

Test(adopt, topics_keep_their_own_defaults)
{
	struct npsd_config *present =
			       help_load("kafka.topics=[a, b]", "topic_defaults={b: {survey_kind: other}}"),
			   *cfg;

	cfg = npsd_config_of_text(present->text, "h", present);
	cr_expect_eq(npsd_config_kind(cfg, 0), NPSD_KIND_NONE);
	cr_expect_eq(npsd_config_kind(cfg, 1), NPSD_KIND_OTHER);
	npsd_config_free(&cfg);
	npsd_config_free(&present);
}

Test(adopt, a_refusal_names_the_option_and_the_way_to_change_it)
{
	static const struct {
		const char *a, *b, *option, *flag;
	} rows[] = {
	    {"shards=4", "shards=5", "`shards`", "--rebuild"},
	    {"windows=[1h]", "windows=[2h]", "`windows`", "--apply-config"},
	    {"kafka.group=a", "kafka.group=b",
		"under prefix \"nps\" belong to group \"a\"; this npsd is in group \"b\"", "--apply-config"},
	    {"kafka.topics=[a, b]", "kafka.topics=[c, b, a]", "under prefix \"nps\" do not count topic \"c\"",
		"--apply-config to add it"},
	    {"kafka.topics=[a, b]", "kafka.topics=[b]", "count topic \"a\", which is not listed",
		"--apply-config to remove it"},
	    {"kafka.topics=[a, b]", "kafka.topics=[b, c]", "do not count topic \"c\" but another one",
		"--apply-config to exchange them"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct npsd_config *a = help_load(rows[i].a, NULL), *b = help_load(rows[i].b, NULL);
		struct npsd_err err = {0};

		cr_expect_not(npsd_config_refuse(&err, b, a->text));
		cr_expect_eq(err.code, NPSD_INVALID);
		cr_expect(strstr(err.text, rows[i].option) && strstr(err.text, rows[i].flag), "%s", err.text);
		npsd_config_free(&a);
		npsd_config_free(&b);
	}
}

Test(adopt, the_order_of_the_topics_changes_nothing)
{
	struct npsd_config *a = help_load("kafka.topics=[x, y]", "topic_defaults={y: {survey_kind: other}}"),
			   *b = help_load("kafka.topics=[y, x]", "topic_defaults={y: {survey_kind: other}}");

	cr_expect_str_eq(a->text, b->text);
	cr_expect_str_eq(b->topics[0], "x");
	cr_expect_eq(npsd_config_kind(b, 0), NPSD_KIND_NONE);
	cr_expect_eq(npsd_config_kind(b, 1), NPSD_KIND_OTHER);
	npsd_config_free(&a);
	npsd_config_free(&b);
}

/* The text without the line NAME=VALUE. */
static void cut_line(char *text, const char *name)
{
	char *from = strstr(text, name), *to = strchr(from, '\n') + 1;

	memmove(from, to, strlen(to) + 1);
}

Test(adopt, a_text_of_before_group_and_topics_were_stored_belongs_to_any)
{
	char *text = strdup(help_text("shards=4", NULL, NULL));
	struct npsd_config *same = help_load("shards=4", "kafka.group=g"),
			   *other = help_load("shards=5", NULL);

	cr_expect_not(npsd_config_lacks_owner(same, text));
	cut_line(text, "kafka.group=");
	cut_line(text, "kafka.topics=");
	cr_expect(npsd_config_lacks_owner(same, text));
	cr_expect_not(npsd_config_is_of_other_group(same, text));
	cr_expect_not(npsd_config_lacks_owner(other, text), "it differs in something else, too");
	npsd_config_free(&same);
	npsd_config_free(&other);
	free(text);
}
