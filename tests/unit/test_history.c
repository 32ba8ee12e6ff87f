/* Whether a topic is the one that was counted, from its marks and what Kafka holds. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "consume/topic_history.h"

#define MOST 16

/* A record is a letter, at the offset of its place; `.`: none. */
static uint64_t hash_of(char letter)
{
	return (uint64_t)letter * 0x9e3779b97f4a7c15u;
}

static size_t marks_of(struct npsd_mark *out, const char *text, int64_t from, int64_t to)
{
	size_t n = 0;

	for (int64_t o = from; o < to && o < (int64_t)strlen(text); o++)
		if (text[o] != '.')
			out[n++] = (struct npsd_mark){o, hash_of(text[o])};
	return n;
}

/* The reply of script history, with one piece of the records from `from` on. */
static const struct npsd_reply *reply_of(const char *sparse, const char *text, int64_t from)
{
	static struct npsd_reply whole, el[4], list[1];
	static char pos[24];
	static char piece[32 + MOST * NPSD_MARK_BYTES];
	struct npsd_mark m[MOST];
	size_t n = marks_of(m, text, from, MOST), head;
	struct npsd_buf packed;
	int64_t first = 0;

	npsd_buf_init(&packed, NPSD_MARKS_ROOM);
	for (size_t i = 0; i < n; i++)
		npsd_marks_add(&packed, &first, m[i]);
	head = (size_t)snprintf(piece, sizeof piece, "%zu %lld ", n, (long long)first);
	if (n)
		memcpy(piece + head, packed.p, packed.n);
	list[0] = (struct npsd_reply){.type = NPSD_REPLY_STR, .str = piece, .len = head + packed.n};
	npsd_buf_free(&packed);
	el[0] = (struct npsd_reply){.type = NPSD_REPLY_STR, .str = "ok", .len = 2};
	snprintf(pos, sizeof pos, "0:%zu", strlen(text));
	el[1] = (struct npsd_reply){.type = NPSD_REPLY_STR, .str = pos, .len = strlen(pos)};
	el[2] = (struct npsd_reply){.type = NPSD_REPLY_STR, .str = sparse, .len = strlen(sparse)};
	el[3] = (struct npsd_reply){.type = NPSD_REPLY_ARRAY, .el = list, .n = n > 0};
	whole = (struct npsd_reply){.type = NPSD_REPLY_ARRAY, .el = el, .n = 4};
	return &whole;
}

static enum history_verdict compare(struct history *h, int64_t *at, const char *now, int64_t low, bool holes)
{
	const struct history_range *range;

	while ((range = history_next(h)) != NULL) {
		struct npsd_mark m[MOST];
		struct npsd_broker_event e = {.what = NPSD_B_RECORDS, .ok = true, .marks = m};

		e.n = marks_of(m, now, range->from > low ? range->from : low, range->to);
		history_found(h, &e);
	}
	return history_compare(h, at, low, holes);
}

Test(history, verdicts)
{
	static const struct {
		const char *was;
		int64_t from; /* of the marks */
		const char *now;
		int64_t low;
		bool holes;
		enum history_verdict expect;
		int64_t at;
	} rows[] = {
	    {"abcdef", 0, "abcdef", 0, false, HISTORY_SAME, 6},
	    {"abcdef", 0, "abcdefgh", 0, false, HISTORY_SAME, 6},
	    {"ab.def", 0, "ab.def", 0, false, HISTORY_SAME, 6}, /* the marker of a transaction */
	    {"ab.def", 0, "abxdef", 0, false, HISTORY_CUT, 2},
	    {"abcd..", 0, "abcdx", 0, false, HISTORY_CUT, 4},
	    {"abcdef", 0, "....ef", 4, false, HISTORY_SAME, 6}, /* retention */
	    {"abcdef", 0, "......", 6, false, HISTORY_SAME, -1},
	    {"", 0, "abc", 0, false, HISTORY_SAME, -1}, /* an earlier version kept no marks */
	    {"abcdef", 0, "abcde", 0, false, HISTORY_CUT, 5},
	    {"abcdef", 0, "abcdx", 0, false, HISTORY_CUT, 4},
	    {"abcdef", 0, "abcdxyz", 0, false, HISTORY_CUT, 4},
	    {"abcdef", 3, "abcdx", 0, false, HISTORY_CUT, 4},
	    {"abcdef", 0, "..cx", 2, false, HISTORY_CUT, 3},
	    {"abcdef", 0, "abxyef", 0, false, HISTORY_CUT, 2},	  /* the reader went on in the new log */
	    {"abcdef", 3, "abcxyz", 0, false, HISTORY_OTHER, -1}, /* cut before the marks begin */
	    {"abcdef", 0, "uvwxyz", 0, false, HISTORY_OTHER, -1},
	    {"abcdef", 0, "", 0, false, HISTORY_OTHER, -1},
	    {"abcdef", 0, "abdcef", 0, false, HISTORY_OTHER, 2}, /* another order */
	    {"abcdef", 0, "abdef", 0, false, HISTORY_OTHER, 2},	 /* a copy without one */
	    {"abcdef", 0, "a.c.e.", 0, true, HISTORY_SAME, 5},	 /* compacted */
	    {"abcdef", 0, "a.cx", 0, true, HISTORY_CUT, 3},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct history h = {0};
		int64_t at;

		cr_assert(history_read(&h, reply_of("", rows[i].was, rows[i].from), rows[i].low, 0));
		cr_expect_eq(compare(&h, &at, rows[i].now, rows[i].low, rows[i].holes), rows[i].expect,
		    "%s, now %s", rows[i].was, rows[i].now);
		cr_expect_eq(at, rows[i].at, "%s, now %s: at %d", rows[i].was, rows[i].now, (int)at);
		history_free(&h);
	}
}

/* A sparse mark before those of the last records: the topic was replaced, and a reader went on unnoticed. */
Test(history, the_oldest_and_the_newest_sparse_mark_are_compared)
{
	char sparse[200];
	struct history h = {0};
	int64_t at;

	snprintf(sparse, sizeof sparse, "0 %016llx 1;1 %016llx 2;2 %016llx 3;",
	    (unsigned long long)hash_of('a'), (unsigned long long)hash_of('b'),
	    (unsigned long long)hash_of('c'));
	cr_assert(history_read(&h, reply_of(sparse, "abcdef", 4), 0, 0));
	cr_expect_eq(h.nsparse, 2);
	cr_expect_eq(compare(&h, &at, "abcdef", 0, false), HISTORY_SAME);
	cr_assert(history_read(&h, reply_of(sparse, "abcdef", 4), 0, 0));
	cr_expect_eq(compare(&h, &at, "abxdef", 0, false), HISTORY_OTHER);
	cr_assert(history_read(&h, reply_of(sparse, "abcdef", 4), 3, 0));
	cr_expect_eq(compare(&h, &at, "...def", 3, false), HISTORY_SAME, "retention");
	history_free(&h);
}

Test(history, what_npsd_did_not_write_is_refused)
{
	static const char *const sparse[] = {
	    "0", "0;", "0 1 1;", "x 0123456789abcdef 1;", "0 0123456789abcdex 1;", "0 0123456789abcdef;"};
	static const char *const pieces[] = {
	    "", "1", "1 0", "1 0 ", "1 0 short", "x 0 0123456789ab", "1 x 0123456789ab", "1 0 0123456789abc"};
	struct npsd_reply el[4] = {{.type = NPSD_REPLY_STR, .str = "ok", .len = 2},
	    {.type = NPSD_REPLY_STR, .str = "0:9", .len = 3}, {.type = NPSD_REPLY_STR, .str = "", .len = 0}},
			  list[1], r = {.type = NPSD_REPLY_ARRAY, .el = el, .n = 4};
	struct history h = {0};

	for (size_t i = 0; i < sizeof sparse / sizeof sparse[0]; i++)
		cr_expect_not(history_read(&h, reply_of(sparse[i], "", 0), 0, 0), "%s", sparse[i]);
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		list[0] =
		    (struct npsd_reply){.type = NPSD_REPLY_STR, .str = pieces[i], .len = strlen(pieces[i])};
		el[3] = (struct npsd_reply){.type = NPSD_REPLY_ARRAY, .el = list, .n = 1};
		cr_expect_not(history_read(&h, &r, 0, 0), "%s", pieces[i]);
	}
	history_free(&h);
}

Test(history, packed_marks_keep_the_last_ones)
{
	struct npsd_buf b;
	int64_t from;
	struct npsd_str last;

	npsd_buf_init(&b, NPSD_MARKS_ROOM);
	for (int64_t o = 0; o < 3 * NPSD_MARKS_KEPT; o++)
		npsd_marks_add(&b, &from, (struct npsd_mark){2 * o, (uint64_t)o});
	last = npsd_marks_last(&b);
	cr_assert_eq(last.n, NPSD_MARKS_KEPT * NPSD_MARK_BYTES);
	cr_expect_eq(npsd_marks_at(last.p, from, 0).hash, 2 * NPSD_MARKS_KEPT);
	cr_expect_eq(npsd_marks_at(last.p, from, NPSD_MARKS_KEPT - 1).offset, 2 * (3 * NPSD_MARKS_KEPT - 1));
	npsd_marks_add(&b, &from, (struct npsd_mark){(int64_t)1 << 40, 7}); /* too far away to be packed */
	last = npsd_marks_last(&b);
	cr_expect(last.n == NPSD_MARK_BYTES && npsd_marks_at(last.p, from, 0).offset == (int64_t)1 << 40);
	cr_expect_neq(npsd_record_hash("a", 1, 5), npsd_record_hash("a", 1, 6), "the timestamp counts");
	cr_expect_neq(npsd_record_hash("a", 1, 5), npsd_record_hash("b", 1, 5));
	npsd_buf_free(&b);
}
