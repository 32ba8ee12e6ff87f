#include "publish/verdict.h"

#include "publish/key.h"

/* What follows `PFX:WORD:` in a key that begins with `PFX:`; p == NULL: the key has another word. */
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

/* *i: the segment if this shard holds it; UINT32_MAX otherwise. A segment of another shard is kept. */
static enum npsd_name_verdict of_segment(const struct npsd_pub_context *c, uint32_t *i, struct npsd_str seg)
{
	struct npsd_seg s;
	uint32_t found;

	*i = UINT32_MAX;
	if (!seg.p || !npsd_seg_parse(&s, seg, &c->cfg->sets, c->cfg->kinds_split, c->v->names))
		return NPSD_NAME_UNKNOWN;
	if (npsd_seg_shard(s, (uint32_t)c->cfg->shards) != (uint32_t)c->shard)
		return NPSD_NAME_KEPT;
	found = npsd_panes_find(c->v->panes, s, false);
	if (found == UINT32_MAX || !npsd_seg_holds(c, found))
		return NPSD_NAME_NOT_HELD;
	*i = found;
	return NPSD_NAME_KEPT;
}

/* name: `{SEG}:STEP` */
static enum npsd_name_verdict of_series(const struct npsd_holdings *h, struct npsd_str name)
{
	struct npsd_str step = {0};
	enum npsd_name_verdict verdict;
	uint32_t i;

	for (uint32_t n = name.n; n > 0 && !step.p; n--)
		if (name.p[n - 1] == ':')
			step = (struct npsd_str){name.p + n, name.n - n};
	name.n = step.p ? name.n - step.n - 1 : 0;
	verdict = of_segment(h->c, &i, in_braces(name));
	if (i == UINT32_MAX || npsd_series_holds(h->series, h->c, i, step))
		return verdict;
	return NPSD_NAME_NOT_HELD;
}

/* value: of the rank's dimension, in its written form */
static enum npsd_name_verdict of_ranked(
    const struct npsd_holdings *h, struct npsd_list_key list, struct npsd_str value)
{
	struct npsd_rank_parts parts = npsd_rank_parts(list.list);
	struct npsd_buf *seg = &h->c->name;
	enum npsd_name_verdict verdict;
	uint32_t i;

	npsd_buf_clear(seg);
	if (h->c->cfg->kinds_split)
		npsd_buf_addf(seg, "kind=%s,", npsd_kind_names[parts.kind]);
	npsd_buf_addf(seg, "%s=", h->c->cfg->sets.set[parts.set].name);
	npsd_buf_add(seg, value.p, value.n);
	if (seg->full) /* no value is so long */
		return h->c->shard == 0 ? NPSD_NAME_UNKNOWN : NPSD_NAME_KEPT;
	verdict = of_segment(h->c, &i, npsd_buf_str(seg));
	if (i == UINT32_MAX || npsd_rank_holds(h->ranks, h->c, i, list))
		return verdict;
	return NPSD_NAME_NOT_HELD;
}

static enum npsd_name_verdict of_list(struct npsd_pub_context *c, struct npsd_str key)
{
	struct npsd_list_key list = {.list = -1};

	while (npsd_list_next_key(c->cfg, &list)) {
		npsd_list_name(&c->name, c->cfg, list);
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

enum npsd_name_verdict npsd_name_verdict(const struct npsd_holdings *h, enum npsd_orphan_kind kind,
    struct npsd_list_key list, struct npsd_str name)
{
	const struct npsd_config *cfg = h->c->cfg;
	struct npsd_str rest;
	uint32_t i;

	switch (kind) {
	case NPSD_ORPHAN_SERIES:
		return of_series(h, rest_of(cfg, name, "series"));
	case NPSD_ORPHAN_LIST:
		return h->c->shard == 0 ? of_list(h->c, name) : NPSD_NAME_KEPT;
	case NPSD_ORPHAN_MEMBER:
		return list.ranked ? of_ranked(h, list, name) : of_segment(h->c, &i, name);
	default:
		rest = rest_of(cfg, name, "v");
		return rest.p ? of_segment(h->c, &i, in_braces(rest)) : NPSD_NAME_KEPT;
	}
}
