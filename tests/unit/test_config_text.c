/* The canonical text and its differences. */
#include <criterion/criterion.h>

#include "help_adopt.h"

Test(config_text, is_sorted_and_complete)
{
	static const char expect[] = "alerts.comment=on\n"
				     "alerts.max_age=86400000\n"
				     "alerts.respondent=plain\n"
				     "alerts.respondent_key=\n"
				     "attributes=\n"
				     "caps.channel=10000\n"
				     "caps.language=10000\n"
				     "caps.location=1000000\n"
				     "caps.owner=1000000\n"
				     "caps.product=10000\n"
				     "caps.profile=10000\n"
				     "caps.stage=10000\n"
				     "caps.survey_id=10000\n"
				     "caps.team=10000\n"
				     "caps.theme=10000\n"
				     "clock=wall\n"
				     "defaults.survey_kind=none\n"
				     "kafka.group=npsd\n"
				     "kafka.topics=survey-events\n"
				     "kinds.split=true\n"
				     "limits.event_bytes=262144\n"
				     "location.required=true\n"
				     "segments=0 all;1 location;2 channel;3 location,channel\n"
				     "sets.given=4\n"
				     "shards=16\n"
				     "windows=1h,24h,7d,30d,90d,365d\n";
	struct npsd_config *cfg = help_load(NULL, NULL);

	cr_expect_str_eq(cfg->text, expect);
	cr_expect_str_eq(cfg->hash, "c3100d66eb841fbaa825421e365f96d1");
	npsd_config_free(&cfg);
}

Test(config_text, options_that_a_restart_changes_are_not_in_the_text)
{
	struct npsd_config *a = help_load(NULL, NULL);
	struct npsd_config *b = help_load("redis.url=redis://other:1/2", "kafka.brokers=other:1");

	cr_expect_str_eq(a->text, b->text);
	cr_expect_str_eq(a->hash, b->hash);
	cr_expect_null(npsd_config_difference(a->text, b->text));
	npsd_config_free(&a);
	npsd_config_free(&b);
}

Test(config_text, the_first_difference_is_named)
{
	static const struct {
		const char *set, *name;
	} rows[] = {
	    {"shards=8", "shards"},
	    {"windows=[1h]", "windows"},
	    {"segments=[[]]", "segments"},
	    {"segments=[[attributes.a]]", "attributes"},
	    {"caps.theme=3", "caps.theme"},
	    {"alerts.respondent_key=k", "alerts.respondent_key"},
	    {"alerts.comment=off", "alerts.comment"},
	    {"kafka.group=g", "kafka.group"},
	    {"kafka.topics=[x]", "kafka.topics"},
	};
	struct npsd_config *a = help_load(NULL, NULL);

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct npsd_config *b = help_load(rows[i].set, NULL);

		cr_expect_str_eq(npsd_config_difference(a->text, b->text), rows[i].name);
		cr_expect_str_eq(npsd_config_difference(b->text, a->text), rows[i].name);
		cr_expect_str_neq(a->hash, b->hash);
		npsd_config_free(&b);
	}
	cr_expect_str_eq(npsd_config_difference("a=1\nc=1\n", "a=1\nb=1\nc=1\n"), "b");
	cr_expect_str_eq(npsd_config_difference("a=1\n", "a=1\nb=1\n"), "b");
	cr_expect_str_eq(npsd_config_difference("", "b=1\n"), "b");
	cr_expect_null(npsd_config_difference("", ""));
	npsd_config_free(&a);
}
