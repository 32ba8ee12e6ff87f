#include "publish/orphans.h"

#include <string.h>

#include "npsd/err.h"

#define SCAN_PAGE "200" /* names that one call looks at, about */
#define PAGE_ROOM 512u	/* a small set comes whole: its size is the server's configuration */

static void forget_last(struct npsd_orphans *o)
{
	free(o->orphan[--o->n].text);
	if (o->n == 0) {
		o->resolved = false;
		o->need_len = 0;
	}
}

void npsd_orphans_reset(struct npsd_orphans *o)
{
	while (o->n > 0)
		forget_last(o);
	o->scan = NPSD_SCAN_DONE;
	o->removed = 0;
}

void npsd_orphans_begin(struct npsd_orphans *o)
{
	npsd_orphans_reset(o);
	o->scan = NPSD_SCAN_NAMES;
	strcpy(o->cursor, "0");
}

/* --- scan --- */

static bool scan_is_paused(const struct npsd_orphans *o)
{
	return o->scan == NPSD_SCAN_DONE || o->n + PAGE_ROOM > NPSD_ORPHANS;
}

/* Replaces c->name with `PFX:*` as a pattern of SCAN. */
static void write_pattern(struct npsd_pub_context *c)
{
	npsd_buf_clear(&c->name);
	for (const char *p = c->cfg->prefix; *p; p++) {
		if (strchr("*?[]^\\", *p))
			npsd_buf_addz(&c->name, "\\");
		npsd_buf_add(&c->name, p, 1);
	}
	npsd_buf_addz(&c->name, ":*");
}

bool npsd_orphans_scan(const struct npsd_orphans *o, struct npsd_pub_context *c)
{
	/* need_len holds for what is in memory: all of that is removed before more is scanned */
	if (o->resolved || scan_is_paused(o) || c->flight[NPSD_FLIGHT_SCAN] != 0)
		return false;
	if (o->scan == NPSD_SCAN_NAMES) {
		write_pattern(c);
		npsd_script_begin(&c->build, NPSD_S_scan);
		npsd_script_argz(&c->build, o->cursor);
		npsd_script_arg(&c->build, c->name.p, c->name.n);
	} else {
		npsd_list_name(&c->name, c->cfg, o->list);
		npsd_pub_begin(c, NPSD_S_members);
		npsd_script_argz(&c->build, o->list.ranked ? "ZSCAN" : "SSCAN");
		npsd_script_argz(&c->build, o->cursor);
	}
	npsd_script_argz(&c->build, SCAN_PAGE);
	return npsd_pub_submit(c, NPSD_FLIGHT_SCAN);
}

static void next_scan(struct npsd_orphans *o, const struct npsd_config *cfg)
{
	strcpy(o->cursor, "0");
	if (o->scan == NPSD_SCAN_NAMES)
		o->list = (struct npsd_list_key){.list = -1};
	o->scan = npsd_list_next_key(cfg, &o->list) ? NPSD_SCAN_MEMBERS : NPSD_SCAN_DONE;
}

static void keep_orphan(
    struct npsd_orphans *o, enum npsd_orphan_kind kind, struct npsd_str name, struct npsd_str rev)
{
	struct npsd_orphan *orphan;

	if (o->n == NPSD_ORPHANS)
		return; /* the next sweep finds it */
	orphan = &o->orphan[o->n++];
	*orphan = (struct npsd_orphan){.kind = kind, .list = o->list, .len = name.n, .rev_len = rev.n};
	orphan->text = malloc((size_t)name.n + rev.n + 1);
	npsd_assert(orphan->text != NULL);
	memcpy(orphan->text, name.p, name.n);
	memcpy(orphan->text + name.n, rev.p, rev.n);
}

/* r: {"ok", cursor, key, rev, number of fields, ...} */
static void names_scanned(struct npsd_orphans *o, const struct npsd_holdings *h, const struct npsd_reply *r)
{
	for (size_t k = 2; k + 2 < r->n; k += 3) {
		struct npsd_str key = npsd_reply_str(r, k), rev = npsd_reply_str(r, k + 1);
		enum npsd_orphan_kind kind = npsd_orphan_kind(h->c->cfg, key);

		/* a key that holds only its rev expires */
		if (kind == NPSD_ORPHAN_KEY && rev.n > 0 && npsd_reply_at(r, k + 2)->integer == 1)
			continue;
		if (npsd_name_verdict(h, kind, o->list, key) != NPSD_NAME_KEPT)
			keep_orphan(o, kind, key, rev);
	}
}

/* r: {"ok", cursor, member, ...} */
static void members_scanned(struct npsd_orphans *o, const struct npsd_holdings *h, const struct npsd_reply *r)
{
	for (size_t k = 2; k < r->n; k++) {
		struct npsd_str member = npsd_reply_str(r, k);

		if (npsd_name_verdict(h, NPSD_ORPHAN_MEMBER, o->list, member) != NPSD_NAME_KEPT)
			keep_orphan(o, NPSD_ORPHAN_MEMBER, member, NPSD_STR(""));
	}
}

void npsd_orphans_scanned(struct npsd_orphans *o, const struct npsd_holdings *h, const struct npsd_done *done)
{
	struct npsd_str cursor;

	if (!npsd_pub_ok(h->c, done, 2))
		return;
	cursor = npsd_reply_str(done->reply, 1);
	npsd_assert(cursor.n > 0 && cursor.n < sizeof o->cursor);
	if (o->scan == NPSD_SCAN_NAMES)
		names_scanned(o, h, done->reply);
	else
		members_scanned(o, h, done->reply);
	memcpy(o->cursor, cursor.p, cursor.n + 1);
	if (strcmp(o->cursor, "0") == 0)
		next_scan(o, h->c->cfg);
}

/* --- resolve and remove --- */

bool npsd_orphans_wait(const struct npsd_orphans *o, const struct npsd_pub_context *c)
{
	return o->n > 0 && scan_is_paused(o) && c->flight[NPSD_FLIGHT_SCAN] == 0 &&
	       (int64_t)npsd_names_len_any(c->v->names) >= o->need_len;
}

void npsd_orphans_resolve(struct npsd_orphans *o, const struct npsd_pub_context *c, int64_t dict_len)
{
	if (!npsd_orphans_wait(o, c))
		return;
	if (o->need_len == 0)
		o->need_len = dict_len;
	o->resolved = (int64_t)npsd_names_len_any(c->v->names) >= o->need_len;
}

static enum npsd_name_verdict judge(const struct npsd_holdings *h, const struct npsd_orphan *o)
{
	enum npsd_name_verdict verdict =
	    npsd_name_verdict(h, o->kind, o->list, (struct npsd_str){o->text, o->len});

	/* unknown names are removed by shard 0 */
	return verdict == NPSD_NAME_UNKNOWN && h->c->shard != 0 ? NPSD_NAME_KEPT : verdict;
}

static void submit_removal(
    const struct npsd_orphan *o, struct npsd_pub_context *c, const char *rev, enum npsd_name_verdict verdict)
{
	if (o->kind == NPSD_ORPHAN_MEMBER) {
		npsd_list_name(&c->name, c->cfg, o->list);
		npsd_pub_begin(c, o->list.ranked ? NPSD_S_rank : NPSD_S_index);
		npsd_script_argz(&c->build, o->list.ranked ? "0" : "SREM");
		npsd_script_arg(&c->build, o->text, o->len);
	} else {
		/* an own segment may hold something again: its emptied key keeps a rev */
		bool emptied = verdict == NPSD_NAME_NOT_HELD && o->kind == NPSD_ORPHAN_KEY;

		npsd_script_begin(&c->build, emptied ? NPSD_S_publish : NPSD_S_remove);
		npsd_script_key(&c->build, o->text, o->len);
		if (emptied)
			npsd_script_argz(&c->build, rev);
		npsd_script_arg(&c->build, o->text + o->len, o->rev_len);
	}
	npsd_pub_submit(c, NPSD_FLIGHT_REMOVE); /* false: the next step tries again */
}

bool npsd_orphans_remove(struct npsd_orphans *o, const struct npsd_holdings *h, const char *rev)
{
	while (o->resolved && h->c->flight[NPSD_FLIGHT_REMOVE] == 0) {
		const struct npsd_orphan *last = &o->orphan[o->n - 1];
		enum npsd_name_verdict verdict = judge(h, last);

		if (verdict != NPSD_NAME_KEPT) {
			submit_removal(last, h->c, rev, verdict);
			return true;
		}
		forget_last(o);
	}
	return o->resolved;
}

void npsd_orphans_removed(struct npsd_orphans *o, struct npsd_pub_context *c, const struct npsd_done *done)
{
	int64_t removed = 1; /* index and rank do not say */

	if (!npsd_pub_ok(c, done, 1))
		return;
	if (done->reply->n > 1)
		npsd_reply_int(&removed, done->reply, 1, 0);
	o->removed += removed == 1;
	forget_last(o);
}
