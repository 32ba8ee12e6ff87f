/* npsctl top DIMENSION [WINDOW]: a rank, joined with the windows of its members. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "ctl/suggest.h"
#include "npsd/segment.h"

#define MONTH_S INT64_C(2592000)

/* The parts of the key of a rank: kind, dimension with its level, window. */
struct rank {
	const char *kind, *window;
	char dim[128];
	size_t word; /* length of the dimension without its level */
};

struct member {
	char *name; /* encoded, as in keys */
	char *score;
};

static const char *default_window(const struct npsd_config *cfg)
{
	for (int w = 0; w < cfg->nwindows; w++)
		if (cfg->windows[w].width_s >= MONTH_S)
			return cfg->windows[w].name;
	return cfg->windows[cfg->nwindows - 1].name;
}

static bool is_kind(const char *word)
{
	for (int k = 0; k < 4; k++)
		if (strcmp(word, npsd_kind_names[k]) == 0)
			return true;
	return false;
}

static bool read_arguments(struct rank *r, const struct ctl *c)
{
	const char *dim = c->argv[0];

	r->kind = c->kind ? c->kind : npsd_kind_names[c->cfg->kinds_split ? NPSD_KIND_TRANSACTIONAL : 0];
	r->window = c->argc > 1 ? c->argv[1] : default_window(c->cfg);
	r->word = strcspn(dim, "/");
	if (!*dim || strlen(dim) + 2 >= sizeof r->dim || !is_kind(r->kind)) {
		fprintf(stderr,
		    "usage: npsctl top DIMENSION [WINDOW] [--kind transactional|relational|other|all] "
		    "[--count N] [--lowest]\n"
		    "a set of `segments` must consist of DIMENSION alone; location/1 is the first "
		    "level of locations\n");
		return false;
	}
	snprintf(r->dim, sizeof r->dim, "%s%s", dim, strcmp(dim, "location") == 0 ? "/1" : "");
	return true;
}

static struct member *not_there(struct ctl *c, const struct rank *r, const char *key)
{
	struct member *none = calloc(1, sizeof *none);

	npsd_assert(none);
	fprintf(stderr, "npsctl: %s does not exist\n", key);
	ctl_suggest_rank(c, r->kind, r->dim, r->window);
	return none;
}

/* The members in the order of the output. NULL: err is set. */
static struct member *read_rank(struct ctl *c, const struct rank *r, size_t *n)
{
	char key[400], to[24];
	const char *const args[] = {c->lowest ? "ZRANGE" : "ZREVRANGE", key, "0", to, "WITHSCORES"};
	const struct npsd_reply *reply;
	struct member *m;

	snprintf(key, sizeof key, "%s:rank:%s:%s:%s", c->cfg->prefix, r->kind, r->dim, r->window);
	snprintf(to, sizeof to, "%ld", c->count - 1);
	reply = npsd_client_command(c->redis, &c->err, 0, 5, args);
	if (!reply)
		return NULL;
	*n = reply->n / 2;
	if (*n == 0)
		return not_there(c, r, key);
	m = calloc(*n + 1, sizeof *m);
	npsd_assert(m);
	for (size_t i = 0; i < *n; i++) {
		m[i].name = strdup(reply->el[2 * i].str);
		m[i].score = strdup(reply->el[2 * i + 1].str);
		npsd_assert(m[i].name && m[i].score);
	}
	return m;
}

static void name_segment(struct npsd_buf *out, const struct rank *r, const struct member *m)
{
	npsd_buf_clear(out);
	if (strcmp(r->kind, npsd_kind_names[NPSD_KIND_NONE]) != 0)
		npsd_buf_addf(out, "kind=%s,", r->kind);
	npsd_buf_add(out, r->dim, r->word);
	npsd_buf_addz(out, "=");
	npsd_buf_addz(out, m->name);
	npsd_buf_add(out, "", 1);
	npsd_assert(!out->full);
}

/* Reads the window of a segment as JSON; *out is NULL if it does not exist. False: err is set. */
static bool read_window(struct ctl *c, json_t **out, const struct rank *r, const char *seg)
{
	char key[CTL_SEG_BYTES + 128];
	const char *const args[] = {"HGET", key, r->window};
	const struct npsd_reply *reply;

	snprintf(key, sizeof key, "%s:v:{%s}", c->cfg->prefix, seg);
	reply = npsd_client_command(c->redis, &c->err, 0, 3, args);
	if (!reply)
		return false;
	*out = reply->type == NPSD_REPLY_STR ? json_loads(reply->str, JSON_ALLOW_NUL, NULL) : NULL;
	return true;
}

static void print_table_row(size_t place, const struct member *m, const json_t *o)
{
	char interval[40] = "-", nps[16] = "-", answers[24] = "-";

	if (json_object_get(o, "nps")) {
		snprintf(
		    answers, sizeof answers, "%lld", (long long)json_integer_value(json_object_get(o, "n")));
		snprintf(nps, sizeof nps, "%.1f", json_number_value(json_object_get(o, "nps")));
		snprintf(interval, sizeof interval, "%.1f .. %.1f",
		    json_number_value(json_object_get(o, "nps_lo")),
		    json_number_value(json_object_get(o, "nps_hi")));
	}
	printf("%4zu %9.1f %9s %8s %17s  ", place, strtod(m->score, NULL), answers, nps, interval);
	ctl_print(npsd_str(m->name), CTL_SEG_BYTES);
	printf("  ");
	ctl_print_fragile(o);
}

/* Ranks and windows are written apart: a member may have no window. */
static void print_json_row(size_t place, const struct member *m, const char *seg, json_t *o)
{
	struct npsd_str name = {m->name, (uint32_t)strlen(m->name)};
	struct npsd_buf raw;

	npsd_buf_init(&raw, CTL_SEG_BYTES);
	if (!npsd_name_decode(&raw, name)) {
		npsd_buf_clear(&raw);
		npsd_buf_add(&raw, name.p, name.n);
	}
	ctl_print_json(json_pack("{s:i, s:o, s:s, s:f, s:O?}", "place", (int)place, "value",
	    json_stringn(raw.n ? raw.p : "", raw.n), "seg", seg, "score", strtod(m->score, NULL), "window",
	    o));
	npsd_buf_free(&raw);
}

static int print_rank(struct ctl *c, const struct rank *r, const struct member *m, size_t n)
{
	struct npsd_buf seg;
	int code = CTL_OK;

	npsd_buf_init(&seg, CTL_SEG_BYTES);
	if (!c->json)
		printf("%s %s %s\n%4s %9s %9s %8s %17s  %s\n", r->kind, r->dim, r->window, "", "rank by",
		    "answers", "nps", "95 % interval", "value, fragile");
	for (size_t i = 0; i < n; i++) {
		json_t *o = NULL;

		name_segment(&seg, r, &m[i]);
		if (!read_window(c, &o, r, seg.p)) {
			code = ctl_failed(c);
			break;
		}
		if (c->json)
			print_json_row(i + 1, &m[i], seg.p, o);
		else
			print_table_row(i + 1, &m[i], o);
		json_decref(o);
	}
	npsd_buf_free(&seg);
	return code;
}

int ctl_top(struct ctl *c)
{
	struct rank r = {0};
	struct member *m;
	size_t n = 0;
	int code;

	if (!read_arguments(&r, c))
		return CTL_USAGE;
	m = c->count > 0 ? read_rank(c, &r, &n) : calloc(1, sizeof *m);
	if (!m)
		return ctl_failed(c);
	code = n == 0 && c->count > 0 ? CTL_NOT_THERE : print_rank(c, &r, m, n);
	for (size_t i = 0; i < n; i++) {
		free(m[i].name);
		free(m[i].score);
	}
	free(m);
	return code;
}
