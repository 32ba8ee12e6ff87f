/* Which records are handed to the broker to be copied aside, and with what. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "help_count.h"

static char told[4096];

static void reject(void *self, const struct npsd_msg *msg, const char *reason, const char *field, uint32_t at)
{
	(void)self;
	snprintf(told + strlen(told), sizeof told - strlen(told), "%d:%lld %s %s %u\n", (int)msg->tp.part,
	    (long long)msg->offset, reason, field ? field : "-", at);
}

Test(rejects, each_once_with_its_reason_and_not_while_loading)
{
	static const char late[] = "{\"type\":\"response.submitted\",\"response_id\":\"r\",\"score\":9,"
				   "\"survey_kind\":\"other\",\"location\":\"a\",\"responded_at\":1}";
	struct rig *r = rig_new(NULL, 0);

	told[0] = 0;
	r->w.broker.reject = reject;
	rig_take(r, 0, 2, 0);
	rig_record(r, 0, 0, RIG_NOW, "{");
	rig_record(r, 0, 1, RIG_NOW, "[]");
	rig_record(r, 0, 2, RIG_NOW, "{\"type\":7}");
	rig_record(r, 0, 3, RIG_NOW, NULL);
	rig_record(r, 0, 4, RIG_NOW, "{\"type\":\"case.opened\"}");
	rig_record(r, 0, 5, RIG_NOW, "{\"type\":\"response.submitted\",\"response_id\":\"\"}");
	rig_record(r, 0, 6, RIG_NOW, late);
	rig_record(r, 0, 7, RIG_NOW, "{\"a\"");
	rig_run(r);
	cr_expect_eq(rig_total(r, "consumed"), 6);
	cr_expect_eq(rig_total(r, "rejected"), 3);
	cr_expect_eq(rig_total(r, "ignored"), 2);
	cr_expect_eq(rig_total(r, "late"), 1);
	cr_expect_str_eq(told, "0:2 unknown_type type 8\n0:5 no_id response_id 43\n0:7 bad_json - 4\n");
	rig_free(&r);
}
