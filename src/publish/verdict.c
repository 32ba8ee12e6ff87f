#include "publish/verdict.h"

#include "publish/key.h"

/* What follows `PFX:WORD:` in a key that begins with `PFX:`, as all that are registered; p == NULL: the key
 * has another word. */
static struct npsd_str rest_of(const struct npsd_config *cfg, struct npsd_str key, const char *word)
{
	uint32_t prefix = (uint32_t)strlen(cfg->prefix), n = (uint32_t)strlen(word), head = prefix + n + 2;

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

static enum npsd_name_verdict of_segment(
    const struct npsd_pub_context *c, struct npsd_found *found, struct npsd_str name)
{
	struct npsd_seg seg;

	if (!name.p || !npsd_seg_parse(&seg, name, &c->cfg->sets, c->cfg->kinds_split, c->v->names))
		return NPSD_NAME_UNKNOWN;
	found->shard = (int)npsd_seg_shard(seg, (uint32_t)c->cfg->shards);
	if (found->shard != c->shard)
		return NPSD_NAME_OTHERS;
	found->seg = npsd_panes_find(c->v->panes, seg, true);
	return npsd_seg_holds(c, found->seg) ? NPSD_NAME_KEPT : NPSD_NAME_NOT_HELD;
}

static bool is_own(enum npsd_name_verdict verdict)
{
	return verdict == NPSD_NAME_KEPT || verdict == NPSD_NAME_NOT_HELD;
}

/* name: `{SEG}:STEP`. The series of a segment that holds something are written whole by each sweep. */
static enum npsd_name_verdict of_series(
    const struct npsd_holdings *h, struct npsd_found *found, struct npsd_str name)
{
	struct npsd_str step = {0};
	enum npsd_name_verdict verdict;

	for (uint32_t n = name.n; n > 0 && !step.p; n--)
		if (name.p[n - 1] == ':')
			step = (struct npsd_str){name.p + n, name.n - n};
	name.n = step.p ? name.n - step.n - 1 : 0;
	verdict = of_segment(h->c, found, in_braces(name));
	if (is_own(verdict) && !npsd_series_has(h->series, h->c, found->seg, step))
		return NPSD_NAME_UNKNOWN;
	return verdict;
}

/* value: of the rank's dimension, in its written form */
static enum npsd_name_verdict of_ranked(
    const struct npsd_holdings *h, struct npsd_found *found, struct npsd_list_key list, struct npsd_str value)
{
	struct npsd_rank_parts parts = npsd_rank_parts(list.list);
	struct npsd_buf *seg = &h->c->name;
	enum npsd_name_verdict verdict;

	npsd_buf_clear(seg);
	if (h->c->cfg->kinds_split)
		npsd_buf_addf(seg, "kind=%s,", npsd_kind_names[parts.kind]);
	npsd_buf_addf(seg, "%s=", h->c->cfg->sets.set[parts.set].name);
	npsd_buf_add(seg, value.p, value.n);
	if (seg->full) /* no value is so long */
		return NPSD_NAME_UNKNOWN;
	verdict = of_segment(h->c, found, npsd_buf_str(seg));
	if (!is_own(verdict))
		return verdict;
	if (npsd_rank_list_of(h->c, found->seg) != list.list) /* `__none__`, or a location of another level */
		return NPSD_NAME_UNKNOWN;
	return npsd_rank_holds(h->ranks, h->c, found->seg, list) ? NPSD_NAME_KEPT : NPSD_NAME_NOT_HELD;
}

static enum npsd_name_verdict of_indexed(
    const struct npsd_holdings *h, struct npsd_found *found, struct npsd_list_key list, struct npsd_str seg)
{
	const struct npsd_pub_context *c = h->c;
	enum npsd_name_verdict verdict = of_segment(c, found, seg);

	if (is_own(verdict) &&
	    npsd_set_place(&c->cfg->sets, npsd_seg_set(npsd_panes_seg(c->v->panes, found->seg))) != list.list)
		return NPSD_NAME_UNKNOWN;
	return verdict;
}

static enum npsd_name_verdict of_list(
    struct npsd_pub_context *c, struct npsd_found *found, struct npsd_str key)
{
	found->list = (struct npsd_list_key){.list = -1};
	while (npsd_list_next_key(c->cfg, &found->list)) {
		npsd_list_name(&c->name, c->cfg, found->list);
		if (npsd_str_eq(key, npsd_buf_str(&c->name)))
			return NPSD_NAME_KEPT;
	}
	return NPSD_NAME_UNKNOWN;
}

enum npsd_orphan_kind npsd_orphan_kind(const struct npsd_config *cfg, struct npsd_str key)
{
	if (rest_of(cfg, key, "series").p)
		return NPSD_ORPHAN_SERIES;
	return rest_of(cfg, key, "index").p || rest_of(cfg, key, "rank").p ? NPSD_ORPHAN_LIST
									   : NPSD_ORPHAN_KEY;
}

enum npsd_name_verdict npsd_name_verdict(const struct npsd_holdings *h, struct npsd_found *found,
    enum npsd_orphan_kind kind, struct npsd_list_key list, struct npsd_str name)
{
	const struct npsd_config *cfg = h->c->cfg;

	*found = (struct npsd_found){.seg = UINT32_MAX};
	switch (kind) {
	case NPSD_ORPHAN_SERIES:
		return of_series(h, found, rest_of(cfg, name, "series"));
	case NPSD_ORPHAN_LIST:
		return of_list(h->c, found, name);
	case NPSD_ORPHAN_MEMBER:
		return list.ranked ? of_ranked(h, found, list, name) : of_indexed(h, found, list, name);
	default:
		return of_segment(h->c, found, in_braces(rest_of(cfg, name, "v")));
	}
}
