#include "publish/keyname.h"

#include <string.h>

int npsd_rank_list(struct npsd_rank_parts p)
{
	return (p.set * 4 + p.kind) * (NPSD_LEVELS + 1) + p.level;
}

struct npsd_rank_parts npsd_rank_parts(int list)
{
	int above = list / (NPSD_LEVELS + 1);

	return (struct npsd_rank_parts){above / 4, above % 4, list % (NPSD_LEVELS + 1)};
}

int npsd_location_level(const struct npsd_names *names, uint32_t id)
{
	int level = 1;

	while ((id = npsd_names_parent_any(names, id)) >= NPSD_ID_FIRST)
		level++;
	return level;
}

static void rank_name(struct npsd_buf *out, const struct npsd_config *cfg, struct npsd_list_key k)
{
	struct npsd_rank_parts p = npsd_rank_parts(k.list);

	npsd_buf_addf(out, "%s:rank:%s:%s", cfg->prefix, npsd_kind_names[p.kind],
	    npsd_dim_word(&cfg->sets, cfg->sets.set[p.set].dims[0]));
	if (p.level > 0)
		npsd_buf_addf(out, "/%d", p.level);
	npsd_buf_addf(out, ":%s", cfg->windows[k.window].name);
}

void npsd_list_name(struct npsd_buf *out, const struct npsd_config *cfg, struct npsd_list_key k)
{
	npsd_buf_clear(out);
	if (k.ranked)
		rank_name(out, cfg, k);
	else
		npsd_buf_addf(out, "%s:index:%s", cfg->prefix, cfg->sets.set[k.list].name);
}

/* The configuration has ranks of that set, kind and level. */
static bool is_ranked(const struct npsd_config *cfg, struct npsd_rank_parts p)
{
	const struct npsd_set *set = &cfg->sets.set[p.set];

	return set->ndims == 1 && (p.kind != NPSD_KIND_NONE) == cfg->kinds_split &&
	       (p.level > 0) == (set->dims[0] == NPSD_DIM_location);
}

bool npsd_list_next_key(const struct npsd_config *cfg, struct npsd_list_key *k)
{
	int end = npsd_rank_list((struct npsd_rank_parts){.set = cfg->sets.n});

	if (!k->ranked && ++k->list < cfg->sets.n)
		return true;
	if (!k->ranked)
		*k = (struct npsd_list_key){.ranked = true};
	else if (++k->window == cfg->nwindows)
		*k = (struct npsd_list_key){.ranked = true, .list = k->list + 1};
	while (k->list < end && !is_ranked(cfg, npsd_rank_parts(k->list)))
		k->list++;
	return k->list < end;
}
