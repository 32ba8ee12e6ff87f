/*
 * Names in Redis that should not be there: window keys and members of indexes and ranks that parse to a
 * segment of this shard which holds nothing, and, for shard 0, those that nobody knows at all. All names are
 * scanned first; then a round's script tells the dictionary's length, and only when the process's copy
 * reaches so far a value that is not in it is really unknown (another process may just have admitted it):
 * fold reads the rest for it. A key goes only where its rev is still as scanned.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "npsd/err.h"
#include "publish/pub.h"

static bool scan_is_paused(const struct npsd_sweep *s)
{
	return s->scan == NPSD_SCAN_DONE || s->norphans + 512 > NPSD_ORPHANS;
}

/* False too while the rest of the dictionary is on its way. */
bool npsd_orphans_wait(const struct npsd_pub *p, const struct npsd_shard_view *v)
{
	const struct npsd_sweep *s = &p->sweep;

	return s->running && s->norphans > 0 && scan_is_paused(s) && p->slot[NPSD_SLOT_SCAN] == 0 &&
	       (int64_t)npsd_names_len_any(v->names) >= s->need_len;
}

int64_t npsd_pub_needs(const struct npsd_pub *p)
{
	return p->sweep.need_len;
}

void npsd_orphans_resolve(struct npsd_pub *p, const struct npsd_shard_view *v, int64_t dict_len)
{
	if (!npsd_orphans_wait(p, v))
		return;
	if (p->sweep.need_len == 0)
		p->sweep.need_len = dict_len;
	p->sweep.resolved = (int64_t)npsd_names_len_any(v->names) >= p->sweep.need_len;
}

/* Appends `PFX:*` as a pattern of SCAN that means the prefix as it is. */
static void add_pattern(struct npsd_pub *p)
{
	for (const char *c = p->cfg->prefix; *c; c++) {
		if (strchr("*?[]^\\", *c))
			npsd_buf_add(&p->text, "\\", 1);
		npsd_buf_add(&p->text, c, 1);
	}
	npsd_buf_addz(&p->text, ":*");
}

static bool scan_names(struct npsd_pub *p, struct npsd_store *store)
{
	struct npsd_arg args[3] = {npsd_arg_z(p->sweep.cursor), {0}, npsd_arg_z(NPSD_SCAN_PAGE)};

	npsd_buf_clear(&p->text);
	add_pattern(p);
	args[1] = npsd_arg_buf(&p->text, 0, p->text.n);
	return npsd_pub_submit(p, store, NPSD_SLOT_SCAN, NPSD_S_scan, NULL, 0, args, 3);
}

/* Appends the name of an index, or of a rank. */
static void name_list(struct npsd_pub *p, bool ranked, int set, struct npsd_rank_key rank)
{
	npsd_buf_clear(&p->name);
	if (ranked) {
		npsd_rank_name(p, &p->name, rank);
		return;
	}
	npsd_pub_public(p, &p->name, "index:");
	npsd_buf_addz(&p->name, p->cfg->sets.set[set].name);
}

static bool scan_members(struct npsd_pub *p, struct npsd_store *store)
{
	bool ranked = p->sweep.scan == NPSD_SCAN_RANKED;
	struct npsd_arg args[2] = {npsd_arg_z(p->sweep.cursor), npsd_arg_z(NPSD_SCAN_PAGE)}, key;

	name_list(p, ranked, p->sweep.set, p->sweep.rank);
	key = npsd_arg_buf(&p->name, 0, p->name.n);
	return npsd_pub_submit(
	    p, store, NPSD_SLOT_SCAN, ranked ? NPSD_S_ranked : NPSD_S_members, &key, 1, args, 2);
}

bool npsd_orphans_scan(struct npsd_pub *p, struct npsd_store *store)
{
	const struct npsd_sweep *s = &p->sweep;

	/* What is in hand is removed before more is looked for: its dictionary's length was asked for once.
	 */
	if (!s->running || s->resolved || scan_is_paused(s) || p->slot[NPSD_SLOT_SCAN] != 0)
		return false;
	return s->scan == NPSD_SCAN_NAMES ? scan_names(p, store) : scan_members(p, store);
}

/* The next of what is scanned. */
static void next_scan(struct npsd_pub *p)
{
	struct npsd_sweep *s = &p->sweep;

	strcpy(s->cursor, "0");
	switch (s->scan) {
	case NPSD_SCAN_NAMES:
		s->scan = NPSD_SCAN_MEMBERS;
		s->set = 0;
		return;
	case NPSD_SCAN_MEMBERS:
		if (++s->set < p->cfg->sets.n)
			return;
		s->rank = (struct npsd_rank_key){.window = -1};
		break;
	default:
		break;
	}
	s->scan = npsd_rank_next(p, &s->rank) ? NPSD_SCAN_RANKED : NPSD_SCAN_DONE;
}

/* What stands behind `PFX:WORD:`; p == NULL: another name. */
static struct npsd_str behind(const struct npsd_pub *p, struct npsd_str key, const char *word)
{
	uint32_t prefix = (uint32_t)strlen(p->cfg->prefix), n = (uint32_t)strlen(word), head = prefix + n + 2;

	if (key.n < head || memcmp(key.p + prefix + 1, word, n) != 0 || key.p[head - 1] != ':')
		return (struct npsd_str){0};
	return (struct npsd_str){key.p + head, key.n - head};
}

/* SEG of `{SEG}`; p == NULL: another form. */
static struct npsd_str in_braces(struct npsd_str text)
{
	if (!text.p || text.n < 2 || text.p[0] != '{' || text.p[text.n - 1] != '}')
		return (struct npsd_str){0};
	return (struct npsd_str){text.p + 1, text.n - 2};
}

enum fate { STAYS, NOT_HELD, UNKNOWN };

/* What this shard does with the name of a segment. Of one that is unknown it does not know yet whose it is.
 */
static enum fate fate_of(const struct npsd_pub *p, const struct npsd_shard_view *v, struct npsd_str seg)
{
	struct npsd_seg s;
	uint32_t i;

	if (!seg.p || !npsd_seg_parse(&s, seg, &p->cfg->sets, p->cfg->kinds_split, v->names))
		return UNKNOWN;
	if (npsd_seg_shard(s, (uint32_t)p->cfg->shards) != (uint32_t)p->shard)
		return STAYS;
	i = npsd_panes_find(v->panes, s, false);
	return i != UINT32_MAX && npsd_pub_seg_holds(p, v, i) ? STAYS : NOT_HELD;
}

/* Of `{SEG}:STEP`, behind `PFX:series:` */
static enum fate fate_of_series(
    const struct npsd_pub *p, const struct npsd_shard_view *v, struct npsd_str name)
{
	struct npsd_str step = {0}, seg;
	struct npsd_seg s;
	enum fate f;

	for (uint32_t n = name.n; n > 0 && !step.p; n--)
		if (name.p[n - 1] == ':')
			step = (struct npsd_str){name.p + n, name.n - n};
	seg = in_braces((struct npsd_str){name.p, step.p ? name.n - step.n - 1 : 0});
	f = fate_of(p, v, seg);
	if (f != STAYS || !seg.p || !npsd_seg_parse(&s, seg, &p->cfg->sets, p->cfg->kinds_split, v->names) ||
	    npsd_seg_shard(s, (uint32_t)p->cfg->shards) != (uint32_t)p->shard)
		return f;
	return npsd_series_holds(p, v, npsd_panes_find(v->panes, s, false), step) ? STAYS : NOT_HELD;
}

/* Of a member of a rank: the value of its dimension, in its written form. */
static enum fate fate_of_ranked(
    struct npsd_pub *p, const struct npsd_shard_view *v, struct npsd_rank_key rank, struct npsd_str value)
{
	const struct npsd_set *set = &p->cfg->sets.set[rank.set];
	struct npsd_str seg;
	enum fate f;
	struct npsd_seg s;
	uint32_t i;

	npsd_buf_clear(&p->name);
	if (p->cfg->kinds_split)
		npsd_buf_addf(&p->name, "kind=%s,", npsd_kind_names[rank.kind]);
	npsd_buf_addf(&p->name, "%s=", set->name);
	npsd_buf_add(&p->name, value.p, value.n);
	seg = (struct npsd_str){p->name.p, (uint32_t)p->name.n};
	if (p->name.full) /* no value is so long */
		return p->shard == 0 ? UNKNOWN : STAYS;
	f = fate_of(p, v, seg);
	if (f != STAYS || !npsd_seg_parse(&s, seg, &p->cfg->sets, p->cfg->kinds_split, v->names) ||
	    npsd_seg_shard(s, (uint32_t)p->cfg->shards) != (uint32_t)p->shard)
		return f;
	i = npsd_panes_find(v->panes, s, false);
	return npsd_rank_holds(p, v, i, rank) ? STAYS : NOT_HELD;
}

/* Of the name of an index or of a rank. */
static enum fate fate_of_list(struct npsd_pub *p, struct npsd_str key)
{
	struct npsd_rank_key rank = {.window = -1};

	for (int s = 0; s < p->cfg->sets.n; s++) {
		name_list(p, false, s, rank);
		if (npsd_str_eq(key, (struct npsd_str){p->name.p, (uint32_t)p->name.n}))
			return STAYS;
	}
	while (npsd_rank_next(p, &rank)) {
		name_list(p, true, 0, rank);
		if (npsd_str_eq(key, (struct npsd_str){p->name.p, (uint32_t)p->name.n}))
			return STAYS;
	}
	return UNKNOWN;
}

static void keep_orphan(
    struct npsd_sweep *s, enum npsd_orphan_what what, struct npsd_str name, struct npsd_str rev)
{
	struct npsd_orphan *orphan = &s->orphan[s->norphans];

	if (s->norphans == NPSD_ORPHANS)
		return; /* the next sweep finds it */
	*orphan = (struct npsd_orphan){
	    .what = what, .set = s->set, .rank = s->rank, .len = name.n, .rev_len = rev.n};
	orphan->text = malloc((size_t)name.n + rev.n + 1);
	npsd_assert(orphan->text != NULL);
	memcpy(orphan->text, name.p, name.n);
	memcpy(orphan->text + name.n, rev.p, rev.n);
	s->norphans++;
}

/* What a name would be if it should not be there. */
static enum npsd_orphan_what what_of(const struct npsd_pub *p, struct npsd_str key)
{
	if (behind(p, key, "series").p)
		return NPSD_ORPHAN_SERIES;
	return behind(p, key, "index").p || behind(p, key, "rank").p ? NPSD_ORPHAN_SET : NPSD_ORPHAN_KEY;
}

static enum fate fate_of_name(
    struct npsd_pub *p, const struct npsd_shard_view *v, enum npsd_orphan_what what, struct npsd_str key)
{
	struct npsd_str windows = behind(p, key, "v");

	if (what == NPSD_ORPHAN_SERIES)
		return fate_of_series(p, v, behind(p, key, "series"));
	if (what == NPSD_ORPHAN_SET)
		return p->shard == 0 ? fate_of_list(p, key) : STAYS;
	return windows.p ? fate_of(p, v, in_braces(windows)) : STAYS;
}

/* {cursor, key, rev, fields, ...} */
static void names_scanned(struct npsd_pub *p, const struct npsd_shard_view *v, const struct npsd_reply *r)
{
	for (size_t k = 1; k + 2 < r->n; k += 3) {
		struct npsd_str key = {r->el[k].str, (uint32_t)r->el[k].len};
		struct npsd_str rev = {r->el[k + 1].str, (uint32_t)r->el[k + 1].len};
		enum npsd_orphan_what what = what_of(p, key);

		/* An emptied key, which holds its rev alone, goes by itself. */
		if (what == NPSD_ORPHAN_KEY && rev.n > 0 && r->el[k + 2].integer == 1)
			continue;
		if (fate_of_name(p, v, what, key) != STAYS)
			keep_orphan(&p->sweep, what, key, rev);
	}
}

static void members_scanned(struct npsd_pub *p, const struct npsd_shard_view *v, const struct npsd_reply *r)
{
	for (size_t k = 1; k < r->n; k++) {
		struct npsd_str member = {r->el[k].str, (uint32_t)r->el[k].len};

		if (p->sweep.scan == NPSD_SCAN_MEMBERS && fate_of(p, v, member) != STAYS)
			keep_orphan(&p->sweep, NPSD_ORPHAN_MEMBER, member, NPSD_STR(""));
		if (p->sweep.scan == NPSD_SCAN_RANKED && fate_of_ranked(p, v, p->sweep.rank, member) != STAYS)
			keep_orphan(&p->sweep, NPSD_ORPHAN_RANKED, member, NPSD_STR(""));
	}
}

void npsd_orphans_scanned(
    struct npsd_pub *p, const struct npsd_shard_view *v, const struct npsd_done *done, int64_t mono_ms)
{
	struct npsd_sweep *s = &p->sweep;
	const struct npsd_reply *r = done->reply;

	if (done->outcome != NPSD_DONE || r->type != NPSD_REPLY_ARRAY || r->n == 0 ||
	    r->el[0].type != NPSD_REPLY_STR || r->el[0].len >= sizeof s->cursor) {
		npsd_pub_failed(p, done, mono_ms);
		return;
	}
	if (s->scan == NPSD_SCAN_MEMBERS || s->scan == NPSD_SCAN_RANKED)
		members_scanned(p, v, r);
	else
		names_scanned(p, v, r);
	memcpy(s->cursor, r->el[0].str, r->el[0].len + 1);
	if (strcmp(s->cursor, "0") == 0)
		next_scan(p);
	npsd_sweep_check(p);
}

static enum fate orphan_fate(struct npsd_pub *p, const struct npsd_shard_view *v, const struct npsd_orphan *s)
{
	struct npsd_str name = {s->text, s->len};
	enum fate f = s->what == NPSD_ORPHAN_MEMBER   ? fate_of(p, v, name)
		      : s->what == NPSD_ORPHAN_RANKED ? fate_of_ranked(p, v, s->rank, name)
						      : fate_of_name(p, v, s->what, name);

	/* what nobody knows is shard 0's */
	return f == UNKNOWN && p->shard != 0 ? STAYS : f;
}

/* Where the store has no room it is tried again in the next step. */
static void submit_removal(
    struct npsd_pub *p, struct npsd_store *store, const struct npsd_orphan *s, enum fate fate)
{
	struct npsd_arg key = {s->text, s->len}, rev = {s->text + s->len, s->rev_len};
	struct npsd_arg empty[2] = {npsd_arg_z(p->rev), rev};
	bool ranked = s->what == NPSD_ORPHAN_RANKED;

	if (ranked || s->what == NPSD_ORPHAN_MEMBER) {
		struct npsd_arg out[2] = {npsd_arg_z(ranked ? "0" : "SREM"), key};

		name_list(p, ranked, s->set, s->rank);
		key = npsd_arg_buf(&p->name, 0, p->name.n);
		npsd_pub_submit(
		    p, store, NPSD_SLOT_REMOVE, ranked ? NPSD_S_rank : NPSD_S_index, &key, 1, out, 2);
	} else if (fate == NOT_HELD && s->what == NPSD_ORPHAN_KEY) {
		/* It leaves its rev, like any emptied key; of an unknown name nobody could bring it back. */
		npsd_pub_submit(p, store, NPSD_SLOT_REMOVE, NPSD_S_publish, &key, 1, empty, 2);
	} else {
		npsd_pub_submit(p, store, NPSD_SLOT_REMOVE, NPSD_S_remove, &key, 1, &rev, 1);
	}
}

static void drop_last(struct npsd_pub *p)
{
	free(p->sweep.orphan[--p->sweep.norphans].text);
	if (p->sweep.norphans == 0) {
		p->sweep.resolved = false;
		p->sweep.need_len = 0;
	}
	npsd_sweep_check(p);
}

bool npsd_orphans_remove(struct npsd_pub *p, const struct npsd_shard_view *v, struct npsd_store *store)
{
	while (p->sweep.resolved && p->slot[NPSD_SLOT_REMOVE] == 0) {
		const struct npsd_orphan *last = &p->sweep.orphan[p->sweep.norphans - 1];
		enum fate fate = orphan_fate(p, v, last);

		if (fate != STAYS) {
			submit_removal(p, store, last, fate);
			return true;
		}
		drop_last(p);
	}
	return p->sweep.resolved;
}

void npsd_orphans_removed(struct npsd_pub *p, const struct npsd_done *done, int64_t mono_ms)
{
	if (done->outcome == NPSD_DONE && npsd_reply_is(done->reply, "ok", 1)) {
		/* index and rank say only "ok"; the others whether it was removed */
		p->sweep.removed += done->reply->n < 2 || npsd_reply_int(&done->reply->el[1]) == 1;
		drop_last(p);
	} else if (done->outcome == NPSD_DONE && npsd_reply_is(done->reply, "refused", 3)) {
		npsd_pub_refused(p, done->reply);
	} else {
		npsd_pub_failed(p, done, mono_ms);
	}
}
