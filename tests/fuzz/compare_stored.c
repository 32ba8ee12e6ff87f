
/*
 * Compares how npsd reads the stored texts of a partition (rulings, state, position) with regular expressions
 * that follow docs/formats.md, on any bytes. Each item is accepted by both or by neither, with the same
 * values.
 */
#include <inttypes.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consume/stored.h"
#include "items.h"
#include "npsd/err.h"
#include "npsd/event.h"
#include "script/result.h"

/* The ranges are checked after the match: 32 bits, 63 bits, and times of at most 18 digits. */
#define NUMBER "([0-9]+)"
#define POS NUMBER ":" NUMBER
#define MS "(-?[0-9]+)"

static struct npsd_config older_config = {.hash = "0123456789abcdef0123456789abcdef"},
			  *older[] = {&older_config};
static const struct npsd_config config = {
    .hash = "fedcba9876543210fedcba9876543210", .older = older, .nolder = 1};

/* Kinds of the items, modulo 4; 3 is a position too. */
enum { STORED_RULING, STORED_STATE, STORED_POS };

static void fail(struct npsd_str text, const char *what)
{
	drive_fail(text.p, text.n, what, "");
}

/* The text of a group as a number; leading zeros do not count. */
static __int128 number_of(const char *text, regmatch_t m)
{
	bool minus = text[m.rm_so] == '-';
	__int128 v = 0;

	for (regoff_t i = m.rm_so + minus; i < m.rm_eo; i++) {
		v = v * 10 + (text[i] - '0');
		if (v > (__int128)1 << 100)
			break;
	}
	return minus ? -v : v;
}

struct form {
	const char *pattern;
	regex_t re;
	bool made;
};

/* Whether the whole text has the form; none contains a zero byte. */
static bool matches(struct form *f, regmatch_t m[8], struct npsd_str text, char *copy)
{
	if (!f->made)
		npsd_assert(regcomp(&f->re, f->pattern, REG_EXTENDED) == 0);
	f->made = true;
	memcpy(copy, text.p, text.n);
	copy[text.n] = 0;
	return !memchr(copy, 0, text.n) && regexec(&f->re, copy, 8, m, 0) == 0;
}

static bool within(const char *text, regmatch_t m, __int128 least, __int128 most)
{
	__int128 v = number_of(text, m);

	return v >= least && v <= most;
}

#define FAR ((__int128)999999999999999999)

static bool is_pos(const char *text, const regmatch_t *m)
{
	return within(text, m[0], 0, UINT32_MAX) && within(text, m[1], 0, INT64_MAX);
}

/* Reads a ruling; false: the text is not one. */
static bool naive_ruling(struct npsd_ruling *out, struct npsd_str line, char *copy)
{
	static struct form forms[] = {{"^ahead " POS " " NUMBER "$", {0}, false},
	    {"^lateness " POS " " NUMBER "$", {0}, false},
	    {"^gap " POS " " NUMBER " " MS " [^ ]+$", {0}, false}, {"^horizon " POS " " MS "$", {0}, false},
	    {"^config " POS " ([^ ]+) " NUMBER "$", {0}, false}};
	static const enum npsd_ruling_what whats[] = {NPSD_RULING_AHEAD, NPSD_RULING_LATENESS,
	    NPSD_RULING_GAP, NPSD_RULING_HORIZON, NPSD_RULING_CONFIG};
	regmatch_t m[8];
	bool known;

	for (int i = 0; i < 5; i++) {
		if (!matches(&forms[i], m, line, copy) || !is_pos(copy, m + 1))
			continue;
		out->what = whats[i];
		out->from =
		    (struct npsd_pos){(uint32_t)number_of(copy, m[1]), (int64_t)number_of(copy, m[2])};
		out->to = out->from.offset;
		out->ms = 0;
		switch (out->what) {
		case NPSD_RULING_GAP:
		case NPSD_RULING_AHEAD:
			out->to = (int64_t)number_of(copy, m[3]);
			out->ms = strcmp(strrchr(copy, ' '), " truncated") == 0;
			return within(copy, m[3], out->from.offset, INT64_MAX) &&
			       (whats[i] == NPSD_RULING_AHEAD || within(copy, m[4], -FAR, FAR));
		case NPSD_RULING_LATENESS:
		case NPSD_RULING_HORIZON:
			out->ms = (int64_t)number_of(copy, m[3]);
			return within(copy, m[3], out->what == NPSD_RULING_LATENESS ? 1 : -FAR, FAR);
		default:
			known = m[3].rm_eo - m[3].rm_so == 32;
			out->ms = known && memcmp(copy + m[3].rm_so, config.hash, 32) == 0;
			known = known && (out->ms || memcmp(copy + m[3].rm_so, older_config.hash, 32) == 0);
			return known && within(copy, m[4], 0, NPSD_ID_MAX);
		}
	}
	return false;
}

static bool naive_state(struct npsd_part_state *out, struct npsd_str text, char *copy)
{
	static struct form form = {"^(-|-?[0-9]+) (-|-?[0-9]+) (-|[0-9]+)$", {0}, false};
	int64_t *to[] = {&out->stream_ms, &out->horizon_ms, &out->lateness_ms};
	regmatch_t m[8];

	if (!matches(&form, m, text, copy))
		return false;
	for (int i = 0; i < 3; i++) {
		bool none = m[i + 1].rm_eo - m[i + 1].rm_so == 1 && copy[m[i + 1].rm_so] == '-';

		if (!none && !within(copy, m[i + 1], i < 2 ? -FAR : 1, FAR))
			return false;
		*to[i] = none ? (i < 2 ? NPSD_TIME_NONE : 0) : (int64_t)number_of(copy, m[i + 1]);
	}
	return true;
}

static bool naive_pos(struct npsd_pos *out, struct npsd_str text, char *copy)
{
	static struct form form = {"^" POS "$", {0}, false};
	regmatch_t m[8];

	if (!matches(&form, m, text, copy) || !is_pos(copy, m + 1))
		return false;
	*out = (struct npsd_pos){(uint32_t)number_of(copy, m[1]), (int64_t)number_of(copy, m[2])};
	return true;
}

/* Reads an item both ways. True if it was accepted. */
static bool compare_item(const struct item *it, char *copy)
{
	struct npsd_ruling rule, want_rule;
	struct npsd_part_state state, want_state;
	struct npsd_pos pos, want_pos;
	bool got, want;

	switch (it->kind % 4) {
	case STORED_RULING:
		got = npsd_stored_ruling(&rule, it->text, &config);
		want = naive_ruling(&want_rule, it->text, copy);
		if (got && want &&
		    (rule.what != want_rule.what || npsd_pos_cmp(rule.from, want_rule.from) != 0 ||
			rule.to != want_rule.to || rule.ms != want_rule.ms))
			fail(it->text, "another ruling");
		break;
	case STORED_STATE:
		got = npsd_stored_state(&state, it->text);
		want = naive_state(&want_state, it->text, copy);
		if (got && want &&
		    (state.stream_ms != want_state.stream_ms || state.horizon_ms != want_state.horizon_ms ||
			state.lateness_ms != want_state.lateness_ms))
			fail(it->text, "another state");
		break;
	default:
		got = npsd_text_pos(&pos, it->text);
		want = naive_pos(&want_pos, it->text, copy);
		if (got && want && npsd_pos_cmp(pos, want_pos) != 0)
			fail(it->text, "another position");
	}
	if (got != want)
		fail(it->text, got ? "accepted by npsd only" : "refused by npsd only");
	return got;
}

static void compare(struct item_counts *counts, const void *p, size_t n)
{
	struct item it;

	for (size_t at = 0; item_next(&it, &at, p, n);) {
		char *copy = malloc((size_t)it.text.n + 1);
		bool accepted;

		npsd_assert(copy);
		accepted = compare_item(&it, copy);
		counts->accepted += accepted;
		counts->refused += !accepted;
		free(copy);
	}
}

/* As count, skip.lua and _whole.lua write them. */
static void make(struct drive_input *out)
{
	static const char *const reasons[] = {"retention", "recreated", "emptied", "truncated"};
	uint32_t inc = (uint32_t)drive_below(3);
	int64_t from = (int64_t)drive_below(1000000), to = from + (int64_t)drive_below(1000),
		ms = 1795381445000 + to;
	char text[256];
	int n = 0;

	out->n = 0;
	switch (drive_below(7)) {
	case 0:
		n = snprintf(text, sizeof text, "ahead %" PRIu32 ":%" PRId64 " %" PRId64, inc, from, to);
		break;
	case 1:
		n = snprintf(
		    text, sizeof text, "lateness %" PRIu32 ":%" PRId64 " %" PRId64, inc, from, to + 60000);
		break;
	case 2:
		n = snprintf(text, sizeof text, "horizon %" PRIu32 ":%" PRId64 " %" PRId64, inc, from, ms);
		break;
	case 3:
		n = snprintf(text, sizeof text, "gap %" PRIu32 ":%" PRId64 " %" PRId64 " %" PRId64 " %s", inc,
		    from, to, ms, DRIVE_ONE_OF(reasons));
		break;
	case 4:
		n = snprintf(text, sizeof text, "config %" PRIu32 ":%" PRId64 " %s %" PRId64, inc, from,
		    drive_below(2) ? config.hash : older_config.hash, to);
		break;
	case 5:
		n = drive_below(2)
			? snprintf(text, sizeof text, "- - -")
			: snprintf(text, sizeof text, "%" PRId64 " %" PRId64 " %d", ms, ms - to, 60000);
		item_add(out, STORED_STATE, text, (size_t)n);
		return;
	default:
		n = snprintf(text, sizeof text, "%" PRIu32 ":%" PRId64, inc, from);
		item_add(out, STORED_POS, text, (size_t)n);
		return;
	}
	item_add(out, STORED_RULING, text, (size_t)n);
}

const struct item_test item_test = {
    .mutations = 3, .accepted_min = 0.25, .refused_min = 0.125, .make = make, .compare = compare};
