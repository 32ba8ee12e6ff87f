
/*
 * Compares the dictionary that npsd reads with that of a naive reader of docs/formats.md, on any bytes.
 *
 * The items are the entries of a dictionary whose copy is empty. The copy accepts them up to the first one
 * that the naive reader refuses, and then reports a fault. Every accepted entry is found, with its dimension,
 * ancestor and chain hash.
 */
#include <msgpack.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commit/inflight.h"
#include "help_names.h"
#include "items.h"
#include "npsd/err.h"

#define ENTRIES 256

static const struct npsd_config config = {
    .sets = {.nattr = 1, .attr = {"plan"}, .attr_word = {"attributes.plan"}}};
static const struct npsd_sets *const sets = &config.sets;

/* The entries that the naive reader accepted. */
struct naive_dict {
	struct {
		int dim;
		struct npsd_str value;
		char chain[41];
	} entry[ENTRIES];
	size_t n;
};

struct case_ {
	const void *p;
	size_t n;
	struct naive_dict naive;
};

#define must(c, cond) ((cond) ? (void)0 : drive_fail((c)->p, (c)->n, #cond, ""))

/* --- the naive reader --- */

/* Removes the first n bytes of *rest, a big-endian number. */
static bool take(uint64_t *out, struct npsd_str *rest, uint32_t n)
{
	if (rest->n < n)
		return false;
	*out = 0;
	for (uint32_t i = 0; i < n; i++)
		*out = *out * 256 + (unsigned char)rest->p[i];
	*rest = (struct npsd_str){rest->p + n, rest->n - n};
	return true;
}

/* The length or number after one of these tags; each tag has twice as many bytes as the one before. */
static bool take_sized(
    uint64_t *out, struct npsd_str *rest, uint64_t tag, const unsigned char *tags, uint32_t least)
{
	for (uint32_t bytes = least; *tags; tags++, bytes *= 2)
		if (tag == *tags)
			return take(out, rest, bytes);
	return false;
}

static bool take_text(struct npsd_str *out, struct npsd_str *rest)
{
	uint64_t tag, n;

	if (!take(&tag, rest, 1))
		return false;
	n = tag - 0xa0;
	if ((tag < 0xa0 || tag > 0xbf) &&
	    !take_sized(&n, rest, tag, (const unsigned char *)"\xd9\xda\xdb", 1))
		return false;
	if (n > rest->n)
		return false;
	*out = (struct npsd_str){rest->p, (uint32_t)n};
	*rest = (struct npsd_str){rest->p + n, rest->n - (uint32_t)n};
	return true;
}

static bool take_entry(int *dim, struct npsd_str *value, struct npsd_str *chain, struct npsd_str rest)
{
	uint64_t tag, n, number;

	if (!take(&tag, &rest, 1))
		return false;
	n = tag - 0x90;
	if ((tag < 0x90 || tag > 0x9f) && !take_sized(&n, &rest, tag, (const unsigned char *)"\xdc\xdd", 2))
		return false;
	if (n != 3 || !take(&number, &rest, 1))
		return false;
	if (number > 127 &&
	    !take_sized(&number, &rest, number, (const unsigned char *)"\xcc\xcd\xce\xcf", 1) &&
	    (!take_sized(&number, &rest, number, (const unsigned char *)"\xd0\xd1\xd2\xd3", 1)))
		return false;
	*dim = number > NPSD_DIM_ATTR0 ? -1 : (int)number;
	return *dim >= 0 && take_text(value, &rest) && take_text(chain, &rest) && rest.n == 0 &&
	       chain->n == 40;
}

static bool is_reserved(struct npsd_str v)
{
	return v.n == 0 || npsd_str_eq(v, NPSD_STR("__none__")) || npsd_str_eq(v, NPSD_STR("__other__"));
}

/* The index of an entry, or d->n. */
static size_t find(const struct naive_dict *d, int dim, struct npsd_str value)
{
	size_t i = 0;

	while (i < d->n && !(d->entry[i].dim == dim && npsd_str_eq(d->entry[i].value, value)))
		i++;
	return i;
}

/* A location without its last level. p == NULL: it has one level. */
static struct npsd_str up_of(struct npsd_str v)
{
	for (uint32_t i = v.n; i > 0; i--)
		if (v.p[i - 1] == '/')
			return (struct npsd_str){v.p, i - 1};
	return (struct npsd_str){NULL, 0};
}

/* At most 8 levels, none empty, and the ancestor is in the dictionary. */
static bool is_location(const struct naive_dict *d, struct npsd_str v)
{
	struct npsd_str up = up_of(v), rest = v;
	int levels = 0;

	for (; rest.p; rest = up_of(rest), levels++) {
		struct npsd_str above = up_of(rest);
		uint32_t level = above.p ? rest.n - above.n - 1 : rest.n;

		if (level == 0 || level > 256)
			return false;
	}
	return levels <= 8 && (!up.p || is_reserved(up) || find(d, NPSD_DIM_location, up) < d->n);
}

static bool naive_accepts(struct naive_dict *d, struct npsd_str bytes)
{
	struct npsd_str value, chain;
	char expect[41];
	int dim;

	if (!take_entry(&dim, &value, &chain, bytes) || is_reserved(value) || find(d, dim, value) < d->n)
		return false;
	if (dim == NPSD_DIM_location ? !is_location(d, value) : value.n > 256)
		return false;
	help_chain(expect, d->n ? d->entry[d->n - 1].chain : "", npsd_dim_word(sets, dim), value);
	if (memcmp(expect, chain.p, 40) != 0)
		return false;
	d->entry[d->n].dim = dim;
	d->entry[d->n].value = value;
	memcpy(d->entry[d->n++].chain, expect, sizeof expect);
	return true;
}

/* --- commit --- */

static void no_wake(void *self)
{
	(void)self;
}

struct fixture {
	struct npsd_pipeline pl;
	struct session session;
	struct inflight inflight;
	struct npsd_admission admission;
};

/* An admission of the fold, without values, is in flight; the copy of the dictionary is empty. */
static struct fixture *fixture_new(void)
{
	struct fixture *d = calloc(1, sizeof *d);

	npsd_assert(d);
	d->pl = (struct npsd_pipeline){.cfg = &config,
	    .broker.wake = no_wake,
	    .store_fold.wake = no_wake,
	    .commit_to_fold = npsd_ring_new(4)};
	d->session.pl = &d->pl;
	d->session.names = help_names_new(sets, 1000);
	inflight_init(&d->inflight, &d->pl, -1);
	d->admission.req.what = NPSD_REQ_ADMIT;
	inflight_begin(&d->inflight, &d->session, &d->admission.req);
	d->inflight.state = INFLIGHT_SENT;
	return d;
}

static void fixture_free(struct fixture *d)
{
	npsd_script_free(&d->inflight.build);
	npsd_ring_free(&d->pl.commit_to_fold);
	npsd_names_free(&d->session.names);
	free(d);
}

static void reply(struct fixture *d, const struct npsd_reply *entries, size_t n)
{
	const struct npsd_reply el[] = {{.type = NPSD_REPLY_STR, .str = "ok", .len = 2},
	    {.type = NPSD_REPLY_STR, .str = "0", .len = 1}, {.type = NPSD_REPLY_STR, .str = "0", .len = 1},
	    {.type = NPSD_REPLY_ARRAY, .el = entries, .n = n}};
	const struct npsd_reply r = {.type = NPSD_REPLY_ARRAY, .el = el, .n = 4};
	const struct npsd_done done = {.outcome = NPSD_DONE, .reply = &r};

	inflight_done(&d->inflight, &d->session, &done);
}

/* --- both --- */

static void check_entry(const struct case_ *c, const struct npsd_names *names, size_t i)
{
	const struct naive_dict *d = &c->naive;
	struct npsd_str value = d->entry[i].value;
	struct npsd_str up = d->entry[i].dim == NPSD_DIM_location ? up_of(value) : (struct npsd_str){NULL, 0};
	uint32_t id = (uint32_t)i + NPSD_ID_FIRST, parent = npsd_names_parent_any(names, id);

	must(c, npsd_names_find_any(names, d->entry[i].dim, value) == id);
	must(c, npsd_str_eq(npsd_names_text_any(names, id), value));
	must(c, npsd_names_dim_any(names, id) == d->entry[i].dim);
	must(c, strcmp(npsd_names_chain_any(names, (uint32_t)i + 1), d->entry[i].chain) == 0);
	if (!up.p)
		must(c, parent == NPSD_ID_NONE);
	else
		must(c, npsd_str_eq(npsd_names_text_any(names, parent), up));
}

static void compare(struct item_counts *counts, const void *p, size_t n)
{
	static struct npsd_reply entries[ENTRIES];
	static struct case_ c;
	struct fixture *d = fixture_new();
	size_t nitems = 0, naive = 0;
	struct item it;

	c = (struct case_){.p = p, .n = n};
	for (size_t at = 0; nitems < ENTRIES && item_next(&it, &at, p, n); nitems++) {
		entries[nitems] =
		    (struct npsd_reply){.type = NPSD_REPLY_STR, .str = it.text.p, .len = it.text.n};
		if (naive == nitems && naive_accepts(&c.naive, it.text))
			naive++;
	}
	reply(d, entries, nitems);
	must(&c, npsd_names_len_any(d->session.names) == naive);
	must(&c, d->inflight.state == (naive == nitems ? INFLIGHT_FREE : INFLIGHT_BLOCKED));
	must(&c,
	    npsd_fault_of(&d->pl.fault_commit, 0) == (naive == nitems ? NPSD_FAULT_NONE : NPSD_FAULT_DICT));
	for (size_t i = 0; i < naive; i++)
		check_entry(&c, d->session.names, i);
	counts->accepted += (long)naive;
	counts->refused += naive < nitems;
	fixture_free(d);
}

/* --- entries --- */

/* A location one level below the last one, or any value. */
static size_t random_value(char out[600], int dim, struct npsd_str last)
{
	static const char *const levels[] = {
	    "north", "south", "lisbon", "unit-0042", "__none__", "__other__", "\xc3\xa9"};
	uint64_t n = dim == NPSD_DIM_location ? 1 + drive_below(3) : 1;
	size_t len = 0;

	if (dim == NPSD_DIM_location && last.n > 0 && last.n < 500 && drive_below(8))
		return (size_t)snprintf(out, 600, "%.*s/%s", (int)last.n, last.p, DRIVE_ONE_OF(levels));
	for (uint64_t i = 0; i < n; i++)
		len += (size_t)snprintf(out + len, 600 - len, "%s%s", i ? "/" : "", DRIVE_ONE_OF(levels));
	if (drive_below(64) == 0)
		for (size_t most = len + 200 + drive_below(100); len < most && len < 599; len++)
			out[len] = 'x';
	return len;
}

/* Appends an entry after those of d. */
static void add_entry(struct drive_input *out, const struct naive_dict *d)
{
	const char *chain = d->n ? d->entry[d->n - 1].chain : "";
	struct npsd_str last = NPSD_STR("");
	int dim = (int)(drive_below(2) ? NPSD_DIM_location : drive_below(NPSD_DIM_ATTR0 + 1));
	char value[600], next[41];
	size_t len;
	msgpack_sbuffer sb;
	msgpack_packer pk;

	for (size_t k = 0; k < d->n; k++)
		if (d->entry[k].dim == NPSD_DIM_location)
			last = d->entry[k].value;
	len = random_value(value, dim, last);
	help_chain(next, chain, npsd_dim_word(sets, dim), (struct npsd_str){value, (uint32_t)len});
	msgpack_sbuffer_init(&sb);
	msgpack_packer_init(&pk, &sb, msgpack_sbuffer_write);
	msgpack_pack_array(&pk, 3);
	msgpack_pack_int(&pk, dim);
	msgpack_pack_str_with_body(&pk, value, len);
	msgpack_pack_str_with_body(&pk, next, 40);
	item_add(out, 0, sb.data, sb.size);
	msgpack_sbuffer_destroy(&sb);
}

static void make(struct drive_input *out)
{
	static struct naive_dict d;
	struct item it;

	out->n = d.n = 0;
	for (uint64_t n = 1 + drive_below(24); n > 0; n--) {
		size_t before = out->n, at = before;

		add_entry(out, &d);
		if (item_next(&it, &at, out->p, out->n) && !naive_accepts(&d, it.text) && drive_below(64))
			out->n = before; /* admit.lua would refuse it */
	}
}

const struct item_test item_test = {
    .packed = 1, .mutations = 3, .accepted_min = 1, .refused_min = 0.125, .make = make, .compare = compare};
