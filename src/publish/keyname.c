#include "publish/keyname.h"

#include <string.h>

int npsd_set_place(const struct npsd_config *cfg, uint32_t number)
{
	for (int s = 0; s < cfg->sets.n; s++)
		if (cfg->sets.set[s].number == number)
			return s;
	return -1;
}

void npsd_index_name(struct npsd_buf *out, const struct npsd_config *cfg, int set)
{
	npsd_buf_clear(out);
	npsd_buf_addf(out, "%s:index:%s", cfg->prefix, cfg->sets.set[set].name);
}

void npsd_rank_name(struct npsd_buf *out, const struct npsd_config *cfg, struct npsd_rank_key k)
{
	npsd_buf_clear(out);
	npsd_buf_addf(out, "%s:rank:%s:%s", cfg->prefix, npsd_kind_names[k.kind],
	    npsd_dim_word(&cfg->sets, cfg->sets.set[k.set].dims[0]));
	if (k.level > 0)
		npsd_buf_addf(out, "/%d", k.level);
	npsd_buf_addf(out, ":%s", cfg->windows[k.window].name);
}

static bool is_made(const struct npsd_config *cfg, struct npsd_rank_key k)
{
	const struct npsd_set *set = &cfg->sets.set[k.set];

	return set->ndims == 1 && (k.kind != NPSD_KIND_NONE) == cfg->kinds_split &&
	       (k.level > 0) == (set->dims[0] == NPSD_DIM_location);
}

bool npsd_rank_next(const struct npsd_config *cfg, struct npsd_rank_key *k)
{
	for (;;) {
		if (++k->window >= cfg->nwindows) {
			k->window = 0;
			k->level++;
		}
		if (k->level > NPSD_LEVELS) {
			k->level = 0;
			k->kind++;
		}
		if (k->kind > NPSD_KIND_OTHER) {
			k->kind = 0;
			k->set++;
		}
		if (k->set >= cfg->sets.n)
			return false;
		if (is_made(cfg, *k))
			return true;
	}
}

const char *npsd_step_name(int64_t step_s)
{
	return step_s == 60 ? "1m" : step_s == 300 ? "5m" : step_s == 3600 ? "1h" : "1d";
}

struct npsd_str npsd_key_rest(const struct npsd_config *cfg, struct npsd_str key, const char *word)
{
	uint32_t prefix = (uint32_t)strlen(cfg->prefix), n = (uint32_t)strlen(word), head = prefix + n + 2;

	if (key.n < head || memcmp(key.p + prefix + 1, word, n) != 0 || key.p[head - 1] != ':')
		return (struct npsd_str){0};
	return (struct npsd_str){key.p + head, key.n - head};
}

struct npsd_str npsd_in_braces(struct npsd_str text)
{
	if (!text.p || text.n < 2 || text.p[0] != '{' || text.p[text.n - 1] != '}')
		return (struct npsd_str){0};
	return (struct npsd_str){text.p + 1, text.n - 2};
}
