#include "ctl/suggest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "ctl/nearest.h"
#include "npsd/config.h"

#define MEMBERS_MAX 100000 /* of an index set, that are looked at */

/* --- what is published: fields of PREFIX:meta --- */

struct published {
	char *dimensions, *sets, *windows;
};

static char *copy(const struct npsd_reply *r)
{
	char *text = strdup(r->type == NPSD_REPLY_STR ? r->str : "");

	npsd_assert(text);
	return text;
}

/* False: there is nothing to suggest from. */
static bool read_published(struct ctl *c, struct published *p)
{
	char key[80];
	const struct npsd_reply *r;

	snprintf(key, sizeof key, "%s:meta", c->cfg->prefix);
	r = npsd_client_command(
	    c->redis, &c->err, 0, 5, (const char *const[]){"HMGET", key, "dimensions", "sets", "windows"});
	if (!r || r->n != 3)
		return false;
	if (r->el[1].type != NPSD_REPLY_STR) {
		fprintf(stderr, "npsctl: %s does not exist: npsd never published with this prefix\n", key);
		return false;
	}
	*p = (struct published){copy(&r->el[0]), copy(&r->el[1]), copy(&r->el[2])};
	return true;
}

static void free_published(struct published *p)
{
	free(p->dimensions);
	free(p->sets);
	free(p->windows);
}

static bool list_has(const char *list, char by, struct npsd_str word)
{
	struct npsd_str rest = {list, (uint32_t)strlen(list)}, item;

	while (npsd_str_next(&item, &rest, by))
		if (npsd_str_eq(item, word))
			return true;
	return false;
}

static bool exists(struct ctl *c, const char *key)
{
	const struct npsd_reply *r =
	    npsd_client_command(c->redis, &c->err, 0, 2, (const char *const[]){"EXISTS", key});

	return r && r->integer > 0;
}

/* --- windows --- */

static double unit_s(char unit)
{
	return unit == 's' ? 1 : unit == 'm' ? 60 : unit == 'h' ? 3600 : unit == 'd' ? 86400 : 0;
}

/* `24h` in seconds; 0: it is not a width */
static double width_s(struct npsd_str window)
{
	int64_t n;

	if (window.n < 2)
		return 0;
	window.n--;
	return npsd_str_number(&n, window, 1, 100000) ? (double)n * unit_s(window.p[window.n]) : 0;
}

static double ratio(double a, double b)
{
	return a > b ? a / b : b / a;
}

/* Names the window whose width is nearest. */
static void suggest_window(const char *windows, const char *wanted)
{
	struct npsd_str rest = npsd_str(windows), window, nearest = {NULL, 0};
	double width = width_s(npsd_str(wanted)), least = 0;

	while (width > 0 && npsd_str_next(&window, &rest, ',')) {
		double far = ratio(width_s(window), width);

		if (!nearest.p || far < least) {
			nearest = window;
			least = far;
		}
	}
	fprintf(stderr, "npsctl: no window `%s` is configured; ", wanted);
	if (nearest.p)
		fprintf(stderr, "the nearest is %.*s; ", (int)nearest.n, nearest.p);
	fprintf(stderr, "windows: %s\n", windows);
}

void ctl_suggest_window(struct ctl *c, const char *window)
{
	struct published p;

	if (!read_published(c, &p))
		return;
	if (list_has(p.windows, ',', npsd_str(window)))
		fprintf(stderr, "npsctl: window %s of this segment holds nothing\n", window);
	else
		suggest_window(p.windows, window);
	free_published(&p);
}

/* --- segments --- */

/* `kind=K,location=L,channel=C`; kind is absent if the name has none. */
struct name {
	struct npsd_str kind, dim[NPSD_SET_DIMS], value[NPSD_SET_DIMS];
	int n;
};

/* False: it has not the form of a name. */
static bool split(struct name *out, const char *seg)
{
	struct npsd_str rest = npsd_str(seg), value, dim;

	*out = (struct name){.n = 0};
	if (strcmp(seg, "all") == 0)
		return true;
	while (npsd_str_next(&value, &rest, ',')) {
		if (!npsd_str_cut(&dim, &value, '='))
			return false;
		if (npsd_str_eq(dim, NPSD_STR("kind"))) {
			out->kind = value;
			continue;
		}
		if (out->n == NPSD_SET_DIMS)
			return false;
		out->dim[out->n] = dim;
		out->value[out->n++] = value;
	}
	return true;
}

static int place_of(const struct name *name, struct npsd_str dim)
{
	for (int i = 0; i < name->n; i++)
		if (npsd_str_eq(name->dim[i], dim))
			return i;
	return -1;
}

/* Brings the dimensions into the order of a set. False: the set has others. */
static bool arrange(struct name *name, struct npsd_str set)
{
	struct name in_order = {.kind = name->kind};
	struct npsd_str dim;

	while (!npsd_str_eq(set, NPSD_STR("all")) && npsd_str_next(&dim, &set, ',')) {
		int at = place_of(name, dim);

		if (at < 0 || in_order.n == name->n)
			return false;
		in_order.dim[in_order.n] = dim;
		in_order.value[in_order.n++] = name->value[at];
	}
	if (in_order.n != name->n)
		return false;
	*name = in_order;
	return true;
}

static bool find_set(struct npsd_str *set, struct name *name, const char *sets)
{
	struct npsd_str rest = npsd_str(sets);

	while (npsd_str_next(set, &rest, ';'))
		if (arrange(name, *set))
			return true;
	return false;
}

static void write_name(struct npsd_buf *out, const struct name *name, const char *kind)
{
	npsd_buf_clear(out);
	if (kind)
		npsd_buf_addf(out, "kind=%s", kind);
	else if (name->n == 0)
		npsd_buf_addz(out, "all");
	for (int i = 0; i < name->n; i++)
		npsd_buf_addf(out, "%s%.*s=%.*s", out->n ? "," : "", (int)name->dim[i].n, name->dim[i].p,
		    (int)name->value[i].n, name->value[i].p);
	npsd_buf_add(out, "", 1);
	npsd_assert(!out->full);
}

/* The same values with another kind, or in the order of the set. False: no such key exists. */
static bool suggest_form(struct ctl *c, const struct name *name, bool kinds)
{
	char key[CTL_SEG_BYTES + 128];
	struct npsd_buf seg;
	int found = 0;

	npsd_buf_init(&seg, CTL_SEG_BYTES);
	for (int k = kinds ? NPSD_KIND_TRANSACTIONAL : 0; k <= (kinds ? NPSD_KIND_OTHER : 0); k++) {
		write_name(&seg, name, kinds ? npsd_kind_names[k] : NULL);
		snprintf(key, sizeof key, "%s:v:{%s}", c->cfg->prefix, seg.p);
		if (exists(c, key))
			fprintf(stderr, "%s%s", found++ ? ", " : "npsctl: there is ", seg.p);
	}
	if (found)
		fputc('\n', stderr);
	npsd_buf_free(&seg);
	return found > 0;
}

static int near_enough(const struct name *name)
{
	uint32_t bytes = name->kind.n;

	for (int i = 0; i < name->n; i++)
		bytes += name->value[i].n;
	return bytes < 4 ? 2 : (int)bytes / 2;
}

/* Looks through the index of the set for names that are near. */
static void suggest_member(struct ctl *c, const char *seg, const struct name *name, struct npsd_str set)
{
	struct ctl_nearest nearest = {.wanted = npsd_str(seg), .most = near_enough(name)};
	char key[512], cursor[32] = "0", intro[600];
	const char *const args[] = {"SSCAN", key, cursor, "COUNT", "1000"};
	size_t members = 0;

	snprintf(key, sizeof key, "%s:index:%.*s", c->cfg->prefix, (int)set.n, set.p);
	do {
		const struct npsd_reply *r = npsd_client_command(c->redis, &c->err, 0, 5, args);

		if (!r || r->n != 2)
			break;
		snprintf(cursor, sizeof cursor, "%s", r->el[0].str);
		members += r->el[1].n;
		for (size_t i = 0; i < r->el[1].n; i++)
			ctl_nearest_add(&nearest, npsd_str(r->el[1].el[i].str));
	} while (strcmp(cursor, "0") != 0 && members < MEMBERS_MAX);
	snprintf(intro, sizeof intro, "nearest in %s%s:", key,
	    strcmp(cursor, "0") != 0 ? " (not all of it was looked at)" : "");
	if (!ctl_nearest_end(&nearest, intro) && !c->err.code)
		fprintf(stderr,
		    members ? "npsctl: %s lists the segments of this set; none is near\n"
			    : "npsctl: %s is empty: no segment of this set was counted\n",
		    key);
}

void ctl_suggest_segment(struct ctl *c, const char *seg)
{
	struct published p;
	struct npsd_str set;
	struct name name;

	if (!read_published(c, &p))
		return;
	if (!split(&name, seg))
		fprintf(stderr,
		    "npsctl: a segment is named kind=KIND,DIMENSION=VALUE,... by the dimensions of its set; "
		    "sets: %s\n",
		    p.sets);
	else if (!find_set(&set, &name, p.sets))
		fprintf(stderr, "npsctl: no set has these dimensions; sets: %s\n", p.sets);
	else if (!suggest_form(c, &name, list_has(p.dimensions, ',', NPSD_STR("kind"))))
		suggest_member(c, seg, &name, set);
	free_published(&p);
}

/* --- ranks --- */

static void explain_no_rank(void)
{
	fputs("npsctl: no value has as many answers in this window as rank.min_n requires\n", stderr);
}

static void list_levels(struct ctl *c, const char *kind, const char *window)
{
	char key[400];
	int found = 0;

	for (int level = 1; level <= NPSD_LEVELS; level++) {
		snprintf(key, sizeof key, "%s:rank:%s:location/%d:%s", c->cfg->prefix, kind, level, window);
		if (exists(c, key))
			fprintf(stderr, "%s %d",
			    found++ ? "" : "npsctl: levels of location that have a rank:", level);
	}
	if (found)
		fputc('\n', stderr);
	else
		explain_no_rank();
}

/* A set that is ranked has one dimension. */
static void suggest_dimension(const struct published *p, struct npsd_str wanted)
{
	struct ctl_nearest nearest = {.wanted = wanted, .most = wanted.n < 4 ? 2 : (int)wanted.n / 2};
	struct npsd_str rest = {p->sets, (uint32_t)strlen(p->sets)}, set;

	fprintf(
	    stderr, "npsctl: no set consists of `%.*s` alone; sets: %s\n", (int)wanted.n, wanted.p, p->sets);
	while (npsd_str_next(&set, &rest, ';'))
		if (!memchr(set.p, ',', set.n) && !npsd_str_eq(set, NPSD_STR("all")))
			ctl_nearest_add(&nearest, set);
	ctl_nearest_end(&nearest, "nearest:");
}

void ctl_suggest_rank(struct ctl *c, const char *kind, const char *dim, const char *window)
{
	struct npsd_str set = npsd_str(dim);
	struct published p;
	bool split_by_kind;

	if (!read_published(c, &p))
		return;
	split_by_kind = list_has(p.dimensions, ',', NPSD_STR("kind"));
	set.n = (uint32_t)strcspn(dim, "/");
	if (!list_has(p.sets, ';', set))
		suggest_dimension(&p, set);
	else if (!list_has(p.windows, ',', npsd_str(window)))
		suggest_window(p.windows, window);
	else if (split_by_kind == (strcmp(kind, npsd_kind_names[NPSD_KIND_NONE]) == 0))
		fprintf(stderr, "npsctl: kinds are %s; use --kind %s\n",
		    split_by_kind ? "counted separately" : "not split",
		    split_by_kind ? "transactional, relational or other" : "all");
	else if (npsd_str_eq(set, NPSD_STR("location")))
		list_levels(c, kind, window);
	else
		explain_no_rank();
	free_published(&p);
}
