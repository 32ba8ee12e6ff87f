/* The commit component with a store that replies what the test gives, and once with a real one. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "help_commit.h"
#include "help_names.h"
#include "help_script.h"

static const char *const ok_words[] = {"ok", "written"};

static void ok(struct help_desk *d, int n)
{
	help_answer(d, n, ok_words, 2);
}

/* A desk that holds t/0 and t/1 at 5; the first fence check is answered. */
static void open_desk(struct help_desk *d)
{
	help_desk_open(d, NULL);
	help_acquire(d, 0, 5);
	help_acquire(d, 1, 5);
	cr_assert_eq(d->nsent, 1);
	ok(d, 0);
}

Test(commit, a_batch_is_packed_as_the_script_reads_it)
{
	struct help_desk d;
	struct npsd_batch *b;

	open_desk(&d);
	b = help_batch(&d, 0, 5, 8);
	npsd_buf_addz(&b->part[0].rulings, "ahead 0:5 6\n");
	npsd_marks_add(&b->part[0].marks, &b->part[0].marks_from, (struct npsd_mark){5, 0x4142434445464748});
	help_request(&d, 0, &b->req);
	cr_expect_eq(d.sent[d.nsent - 1].script, NPSD_S_commit);
	cr_expect_str_eq(d.sent[d.nsent - 1].text,
	    "{nps:alerts}:fence|{nps:alerts}:dict|{nps:alerts}:totals|{nps:alerts}:meta|nps:alerts|"
	    "{nps:alerts}:rulings:t/0|{nps:alerts}:log:0|{nps:alerts}:log:3|{nps:alerts}:history:t/"
	    "0||cfg|0||nps:alerts:|1000000|77|"
	    "\x81\xa8"
	    "consumed\x02|\x80|\xdc..|1000|100000|1|t/0|" HELP_MINE
	    "|0:5|0:8|50 - 10||ahead 0:5 6\n|5 ....ABCDEFGH|"
	    "0|\x91\x01|3|\x90");
	cr_expect_str_eq(help_request_back(&d, 0), "none");
	ok(&d, 0);
	cr_expect_str_eq(help_request_back(&d, 0), "done");
	cr_expect_eq(d.pl.fold_lag, 1);
	cr_expect_gt(d.wakes_fold, 0);
	cr_expect_gt(d.wakes_worker, 0);
	help_batch_free(b);
	help_desk_close(&d);
}

Test(commit, what_is_lost_or_cannot_be_now_is_sent_again_with_equal_bytes)
{
	struct help_desk d;
	struct npsd_batch *b;
	const char *first;
	int n;

	open_desk(&d);
	b = help_batch(&d, 0, 5, 8);
	help_request(&d, 0, &b->req);
	first = d.sent[d.nsent - 1].text;
	n = d.nsent;
	d.now_ms += 3;
	help_fail(&d, 0, NPSD_LOST);
	cr_expect_eq(d.nsent, n + 1, "at once");
	cr_expect_str_eq(d.sent[n].text, first);
	help_fail(&d, 0, NPSD_CANT_NOW);
	cr_expect_eq(d.nsent, n + 1, "not at once");
	d.now_ms += 60000;
	help_desk_step(&d);
	cr_expect_str_eq(help_request_back(&d, 0), "none");
	cr_assert_geq(d.nsent, n + 2);
	for (int i = n; i < d.nsent; i++)
		if (d.sent[i].script == NPSD_S_commit) {
			cr_expect_str_eq(d.sent[i].text, first);
			n = i;
		}
	ok(&d, d.nsent - 1 - n);
	cr_expect_str_eq(help_request_back(&d, 0), "done");
	cr_expect_eq(npsd_fault_of(&d.pl.fault_commit, d.session), NPSD_FAULT_NONE);
	help_batch_free(b);
	help_desk_close(&d);
}

Test(commit, a_refusal_is_a_fault_and_the_request_waits_for_the_reset)
{
	static const struct {
		const char *words[5];
		enum npsd_fault expect;
	} rows[] = {
	    {{"refused", "empty"}, NPSD_FAULT_EMPTY},
	    {{"refused", "config", "other"}, NPSD_FAULT_CONFIG},
	    {{"refused", "dict", "9", "ab"}, NPSD_FAULT_DICT},
	    {{"refused", "claim", "t/0", "other", "0:5"}, NPSD_FAULT_OWNER},
	    {{"refused", "claim", "t/0", "other", "0:4"}, NPSD_FAULT_ROLLBACK},
	    {{"refused", "claim", "t/0", "", ""}, NPSD_FAULT_ROLLBACK},
	    {{"refused", "claim", "t/7", "other", "0:4"}, NPSD_FAULT_OWNER},
	    {{"refused", "position", "t/0", HELP_MINE, "0:9"}, NPSD_FAULT_ROLLBACK},
	    {{"what"}, NPSD_FAULT_BROKEN},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct help_desk d;
		struct npsd_batch *b;
		size_t n = 0;

		open_desk(&d);
		b = help_batch(&d, 0, 5, 8);
		help_request(&d, 0, &b->req);
		while (n < 5 && rows[i].words[n])
			n++;
		help_answer(&d, 0, rows[i].words, n);
		cr_expect_eq(npsd_fault_of(&d.pl.fault_commit, d.session), rows[i].expect, "%zu", i);
		if (n == 5 && strcmp(rows[i].words[2], "t/0") == 0)
			cr_expect(strstr(d.pl.fault_commit.text,
				      "this process holds claim " HELP_MINE " at position 0:5"),
			    "%s", d.pl.fault_commit.text);
		cr_expect_gt(d.wakes_group, 0);
		cr_expect_str_eq(help_request_back(&d, 0), "none");
		help_reset(&d, NULL);
		cr_expect_str_eq(help_request_back(&d, 0), "dropped");
		help_batch_free(b);
		help_desk_close(&d);
	}
}

Test(commit, the_first_fault_of_a_session_stays_until_the_next)
{
	struct help_desk d;
	struct npsd_batch *b;

	open_desk(&d);
	b = help_batch(&d, 0, 5, 8);
	help_request(&d, 0, &b->req);
	help_fail(&d, 0, NPSD_BROKEN);
	cr_expect_eq(npsd_fault_of(&d.pl.fault_commit, d.session), NPSD_FAULT_BROKEN);
	npsd_fault_raise(&d.pl.fault_commit, d.session, NPSD_FAULT_OWNER, "a later one");
	cr_expect_eq(npsd_fault_of(&d.pl.fault_commit, d.session), NPSD_FAULT_BROKEN);
	help_reset(&d, NULL);
	cr_expect_eq(npsd_fault_of(&d.pl.fault_commit, d.session), NPSD_FAULT_NONE);
	help_batch_free(b);
	help_desk_close(&d);
}

Test(commit, after_a_reset_nothing_of_before_counts)
{
	struct help_desk d;
	struct npsd_batch *before, *in_flight;

	open_desk(&d);
	in_flight = help_batch(&d, 0, 5, 8);
	before = help_batch(&d, 1, 5, 8);
	help_request(&d, 0, &in_flight->req);
	help_reset(&d, NULL);
	cr_expect_str_eq(help_request_back(&d, 0), "dropped");
	ok(&d, 0); /* the reply comes late */
	cr_expect_str_eq(help_request_back(&d, 0), "none");
	cr_expect_eq(d.pl.fold_lag, 0);
	help_acquire(&d, 1, 5);
	help_request(&d, 1, &before->req);
	cr_expect_str_eq(help_request_back(&d, 1), "dropped", "a batch of the session before");
	help_batch_free(before);
	help_batch_free(in_flight);
	help_desk_close(&d);
}

Test(commit, batches_of_workers_complete_in_any_order)
{
	struct help_desk d;
	struct npsd_batch *a, *b, *next;
	int n;

	open_desk(&d);
	a = help_batch(&d, 0, 5, 8);
	b = help_batch(&d, 1, 5, 6);
	next = help_batch(&d, 0, 8, 9);
	help_request(&d, 0, &a->req);
	help_request(&d, 1, &b->req);
	n = d.nsent;
	help_request(&d, 0, &next->req);
	cr_expect_eq(d.nsent, n, "one batch of a worker is in flight");
	ok(&d, 0);
	cr_expect_str_eq(help_request_back(&d, 1), "done");
	cr_expect_str_eq(help_request_back(&d, 0), "none");
	ok(&d, 1);
	cr_expect_str_eq(help_request_back(&d, 0), "done");
	cr_expect_eq(d.nsent, n + 1);
	cr_expect(strstr(d.sent[n].text, "|0:8|0:9|") != NULL);
	help_batch_free(a);
	help_batch_free(b);
	help_reset(&d, NULL);
	help_batch_free(next);
	help_desk_close(&d);
}

Test(commit, a_batch_that_does_not_follow_what_is_held_is_not_sent)
{
	struct help_desk d;
	struct npsd_batch *b;
	int n;

	open_desk(&d);
	b = help_batch(&d, 0, 6, 8);
	n = d.nsent;
	help_request(&d, 0, &b->req);
	cr_expect_eq(d.nsent, n);
	cr_expect_eq(npsd_fault_of(&d.pl.fault_commit, d.session), NPSD_FAULT_OWNER);
	help_reset(&d, NULL);
	cr_expect_str_eq(help_request_back(&d, 0), "dropped");
	help_batch_free(b);
	help_desk_close(&d);
}

Test(commit, a_command_that_came_before_a_request_is_run_before_it)
{
	struct help_desk d;
	struct npsd_batch *b;
	bool back;
	struct npsd_command o = {
	    .what = NPSD_CMD_ACQUIRE, .state = {.tp = {0, 2}, .claim = HELP_MINE, .pos = {0, 1}}};

	open_desk(&d);
	b = help_batch(&d, 2, 1, 2);
	help_command(&d, &o);
	help_request(&d, 0, &b->req);
	cr_expect_eq(npsd_fault_of(&d.pl.fault_commit, d.session), NPSD_FAULT_NONE);
	cr_expect(help_command_back(&d, &back));
	help_reset(&d, NULL);
	help_batch_free(b);
	help_desk_close(&d);
}

/* An entry as the script packs it; index counts from 0, value is `c` and the index. */
static struct npsd_reply entry(char out[64], char chain[41], int index, char tail)
{
	char value[3] = {'c', (char)('0' + index), 0};
	char prev[41];

	snprintf(prev, sizeof prev, "%s", chain);
	help_chain(chain, prev, "channel", npsd_str(value));
	snprintf(out, 64, "\x93%c\xa2%s\xd9\x28%s", NPSD_DIM_channel, value, chain);
	out[5 + 2 + 39] = tail ? tail : out[5 + 2 + 39];
	return (struct npsd_reply){.type = NPSD_REPLY_STR, .str = out, .len = strlen(out)};
}

static void answer_admission(
    struct help_desk *d, const char *from, const char *more, const struct npsd_reply *entries, size_t n)
{
	struct npsd_reply el[4] = {{.type = NPSD_REPLY_STR, .str = "ok", .len = 2},
	    {.type = NPSD_REPLY_STR, .str = from, .len = 1}, {.type = NPSD_REPLY_STR, .str = more, .len = 1},
	    {.type = NPSD_REPLY_ARRAY, .el = entries, .n = n}};

	help_reply(d, 0, &(struct npsd_reply){.type = NPSD_REPLY_ARRAY, .el = el, .n = 4});
}

Test(commit, an_admission_reads_on_until_all_its_values_are_known)
{
	static const char *const values[] = {"c1", "cx"};
	struct help_desk d;
	struct npsd_admission *admission, *again;
	struct npsd_reply e[3];
	char text[3][64], chain[41] = "";
	int n;

	open_desk(&d);
	for (int i = 0; i < 3; i++)
		e[i] = entry(text[i], chain, i, 0);
	admission = help_admission(&d, values, 2);
	help_request(&d, 0, &admission->req);
	cr_expect_str_eq(d.sent[d.nsent - 1].text, "{nps:alerts}:fence|{nps:alerts}:dict|{nps:alerts}:"
						   "dictids|{nps:alerts}:dictcount||cfg|0||1|channel|3|c1|1|"
						   "channel|3|cx");
	answer_admission(&d, "0", "1", e, 2);
	cr_expect_eq(npsd_names_len_any(d.names), 2);
	cr_expect_str_eq(help_request_back(&d, 0), "none");
	cr_expect(strstr(d.sent[d.nsent - 1].text, "||cfg|2|") && !strstr(d.sent[d.nsent - 1].text, "cx"));
	answer_admission(&d, "2", "0", e + 2, 1);
	cr_expect_str_eq(help_request_back(&d, 0), "done", "cx is over the cap");
	cr_expect_eq(npsd_names_find_any(d.names, NPSD_DIM_channel, npsd_str("c1")), 3);
	cr_expect_eq(npsd_names_find_any(d.names, NPSD_DIM_channel, npsd_str("cx")), NPSD_ID_OTHER);
	again = help_admission(&d, values, 2);
	n = d.nsent;
	help_request(&d, 1, &again->req);
	cr_expect_str_eq(help_request_back(&d, 1), "done");
	cr_expect_eq(d.nsent, n, "a known value is not sent");
	help_admission_free(again);
	help_admission_free(admission);
	help_desk_close(&d);
}

Test(commit, fold_reads_the_rest_in_its_own_session_only)
{
	struct help_desk d;
	struct npsd_admission *admission;
	struct npsd_reply e;
	char text[64], chain[41] = "";

	open_desk(&d);
	e = entry(text, chain, 0, 0);
	admission = help_admission(&d, NULL, 0);
	help_reset(&d, NULL);
	help_request(&d, 2, &admission->req);
	cr_expect_str_eq(help_request_back(&d, 2), "dropped");
	admission->req = (struct npsd_request){.what = NPSD_REQ_ADMIT, .session = d.session};
	help_request(&d, 2, &admission->req);
	answer_admission(&d, "0", "0", &e, 1);
	cr_expect_str_eq(help_request_back(&d, 2), "done");
	cr_expect_eq(npsd_names_len_any(d.names), 1);
	help_admission_free(admission);
	help_desk_close(&d);
}

Test(commit, an_entry_that_disagrees_is_a_fault_of_the_dictionary)
{
	static const char *const values[] = {"c0"};
	struct help_desk d;
	struct npsd_admission *admission;
	struct npsd_reply e;
	char text[64], chain[41] = "";

	open_desk(&d);
	e = entry(text, chain, 0, 'x');
	admission = help_admission(&d, values, 1);
	help_request(&d, 0, &admission->req);
	answer_admission(&d, "0", "0", &e, 1);
	cr_expect_eq(npsd_fault_of(&d.pl.fault_commit, d.session), NPSD_FAULT_DICT);
	cr_expect_str_eq(help_request_back(&d, 0), "none");
	help_reset(&d, npsd_names_new(d.cfg.caps, &d.cfg.sets));
	cr_expect_str_eq(help_request_back(&d, 0), "dropped");
	help_admission_free(admission);
	help_desk_close(&d);
}

/* Whether the last call is a fence check of the idle partitions. */
static bool checks(const struct help_desk *d, int n, const char *end)
{
	const struct help_sent *s = &d->sent[d->nsent - 1];

	return d->nsent == n + 1 && s->script == NPSD_S_fence_check && strstr(s->text, end) != NULL;
}

Test(commit, what_is_held_is_checked_by_itself)
{
	static const char *const gone[] = {"refused", "position", "t/1", HELP_MINE, "0:4"};
	static const char *const moved[] = {"refused", "position", "t/0", HELP_MINE, "0:8"};
	struct help_desk d;
	struct npsd_batch *b;
	int n;

	open_desk(&d);
	n = d.nsent;
	d.connection++;
	help_desk_step(&d);
	cr_expect(checks(&d, n, "||cfg|0||t/0|" HELP_MINE "|0:5|t/1|" HELP_MINE "|0:5"));
	b = help_batch(&d, 0, 5, 8);
	help_request(&d, 0, &b->req);
	ok(&d, 0);
	help_answer(&d, 1, moved, 5);
	cr_expect_eq(
	    npsd_fault_of(&d.pl.fault_commit, d.session), NPSD_FAULT_NONE, "a batch has moved it since");
	cr_expect_str_eq(help_request_back(&d, 0), "done");
	ok(&d, 0);
	n = d.nsent;
	d.now_ms += 10000;
	help_desk_step(&d);
	cr_expect(checks(&d, n, "|0:8|t/1|"));
	help_answer(&d, 0, gone, 5);
	cr_expect_eq(npsd_fault_of(&d.pl.fault_commit, d.session), NPSD_FAULT_ROLLBACK);
	help_batch_free(b);
	help_reset(&d, NULL);
	help_desk_close(&d);
}

Test(commit, the_command_to_check_waits_for_the_batches_and_survives_a_loss)
{
	struct help_desk d;
	struct npsd_batch *b;
	bool good;
	int n;

	open_desk(&d);
	b = help_batch(&d, 0, 5, 8);
	help_request(&d, 0, &b->req);
	n = d.nsent;
	help_command(&d, &(struct npsd_command){.what = NPSD_CMD_CHECK_FENCE});
	help_desk_step(&d);
	cr_expect_eq(d.nsent, n);
	ok(&d, 0);
	cr_expect(checks(&d, n, "|0:8|"));
	help_fail(&d, 0, NPSD_LOST);
	d.now_ms += 1000;
	help_desk_step(&d);
	cr_expect(checks(&d, n + 1, "|0:8|"));
	cr_expect_not(help_command_back(&d, &good));
	ok(&d, 0);
	cr_expect(help_command_back(&d, &good));
	cr_expect(good);
	cr_expect_str_eq(help_request_back(&d, 0), "done");
	help_batch_free(b);
	help_desk_close(&d);
}

Test(commit, with_a_real_store_what_was_sent_twice_is_stored_once)
{
	static const char *const values[] = {"email", "web"};
	struct help_bed bed;
	struct help_desk d;
	struct npsd_batch *b;
	struct npsd_admission *admission;

	help_bed_open(&bed);
	help_part(&bed, NPSD_S_base, "t/0", "0:5", HELP_MINE, NULL);
	help_desk_open(&d, &bed.store);
	help_acquire(&d, 0, 5);
	admission = help_admission(&d, values, 2);
	help_request(&d, 0, &admission->req);
	for (int i = 0; i < 10000 && npsd_names_len_any(d.names) < 2; i++)
		npsd_commit_step(d.c, 10);
	cr_expect_str_eq(help_request_back(&d, 0), "done");
	cr_expect_str_eq(npsd_names_chain_any(d.names, 2), help_fence(&bed, "dict_chain"));
	b = help_batch(&d, 0, 5, 8);
	help_request(&d, 0, &b->req);
	help_redis_do(&bed.redis, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes",
	    NULL); /* perhaps after the call ran, perhaps before */
	for (int i = 0; i < 10000 && !d.pl.fold_lag; i++)
		npsd_commit_step(d.c, 10);
	cr_expect_str_eq(help_request_back(&d, 0), "done");
	cr_expect_str_eq(help_fence(&bed, "pos:t/0"), "0:8");
	cr_expect_str_eq(help_redis_do(&bed.redis, "HGET", K("totals"), "consumed", NULL), "2");
	cr_expect_str_eq(help_redis_do(&bed.redis, "XLEN", K("log:3"), NULL), "1");
	help_batch_free(b);
	help_admission_free(admission);
	help_desk_close(&d);
	help_bed_close(&bed);
}
