/*
 * A configuration that goes on from one that is stored: sets keep their numbers, attributes theirs (the
 * dictionary names dimensions by number), and what was added later keeps the time since when it is counted.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/internal.h"
#include "npsd/event.h"

#define SET_NUMBERS 4096u /* twelve bits of a segment */
#define SET_MAX 400	  /* `NUMBER NAME SINCE_MS`, and whatever is shorter */

/* The value of a line `NAME=VALUE` of a text; empty where there is none. */
static struct npsd_str value_of(const char *text, const char *name)
{
	size_t n = strlen(name);

	for (; *text; text += strcspn(text, "\n") + (text[strcspn(text, "\n")] == '\n'))
		if (strncmp(text, name, n) == 0 && text[n] == '=')
			return (struct npsd_str){text + n + 1, (uint32_t)strcspn(text + n + 1, "\n")};
	return NPSD_STR("");
}

static bool value_is(const char *text, const char *name, const char *value)
{
	return npsd_str_eq(value_of(text, name), npsd_str(value));
}

/* Cuts the piece before the next `by` off *rest, as text; false: nothing is left. */
static bool cut(char out[SET_MAX], struct npsd_str *rest, char by)
{
	const char *end = rest->n ? memchr(rest->p, by, rest->n) : NULL;
	uint32_t n = end ? (uint32_t)(end - rest->p) : rest->n;

	if (rest->n == 0)
		return false;
	npsd_assert(n < SET_MAX);
	memcpy(out, rest->p, n);
	out[n] = 0;
	n += end != NULL;
	*rest = (struct npsd_str){rest->p + n, rest->n - n};
	return true;
}

/* --- attributes --- */

static int attribute_at(const struct npsd_sets *sets, const char *name)
{
	for (int i = 0; i < sets->nattr; i++)
		if (strcmp(sets->attr[i], name) == 0)
			return i;
	return -1;
}

static void add_attribute(struct npsd_sets *sets, const char *name)
{
	size_t n = strlen("attributes.") + strlen(name) + 1;
	char *word = malloc(n);

	npsd_assert(word && sets->nattr < NPSD_MAX_ATTR);
	snprintf(word, n, "attributes.%s", name);
	sets->attr_word[sets->nattr] = word;
	sets->attr[sets->nattr++] = word + strlen("attributes.");
}

/* Swaps two attributes, wherever their numbers stand. */
static void swap_attributes(struct npsd_config *cfg, int i, int j)
{
	struct npsd_sets *s = &cfg->sets;
	const char *name = s->attr[i], *word = s->attr_word[i];
	uint32_t cap = cfg->caps[NPSD_DIM_ATTR0 + i];

	s->attr[i] = s->attr[j];
	s->attr_word[i] = s->attr_word[j];
	cfg->caps[NPSD_DIM_ATTR0 + i] = cfg->caps[NPSD_DIM_ATTR0 + j];
	s->attr[j] = name;
	s->attr_word[j] = word;
	cfg->caps[NPSD_DIM_ATTR0 + j] = cap;
	for (int k = 0; k < s->n; k++)
		for (int d = 0; d < s->set[k].ndims; d++) {
			uint8_t *dim = &s->set[k].dims[d];

			if (*dim == NPSD_DIM_ATTR0 + i)
				*dim = (uint8_t)(NPSD_DIM_ATTR0 + j);
			else if (*dim == NPSD_DIM_ATTR0 + j)
				*dim = (uint8_t)(NPSD_DIM_ATTR0 + i);
		}
}

/* The cap of an attribute that is kept for its number's sake stays as it was. */
static uint32_t stored_cap(const char *stored, const char *name)
{
	char line[SET_MAX + 32];
	struct npsd_str v;

	snprintf(line, sizeof line, "caps.attributes.%s", name);
	v = value_of(stored, line);
	return v.n ? (uint32_t)strtoul(v.p, NULL, 10) : npsd_cap_default[NPSD_DIM_ATTR0];
}

static bool adopt_attributes(struct npsd_config *cfg, struct npsd_err *err, const char *stored)
{
	struct npsd_sets *s = &cfg->sets;
	struct npsd_str list = value_of(stored, "attributes");
	char name[SET_MAX];

	for (int i = 0; cut(name, &list, ','); i++) {
		int at = attribute_at(s, name);

		if (at < 0 && s->nattr == NPSD_MAX_ATTR)
			return npsd_fail(err, NPSD_LIMIT, 0,
			    "segments: more than %d different attributes, with those counted before",
			    NPSD_MAX_ATTR);
		if (at < 0) {
			at = s->nattr;
			add_attribute(s, name);
			cfg->caps[NPSD_DIM_ATTR0 + at] = stored_cap(stored, name);
		}
		swap_attributes(cfg, i, at);
	}
	s->attr_unused = (1u << s->nattr) - 1;
	for (int k = 0; k < s->n; k++)
		for (int d = 0; d < s->set[k].ndims; d++)
			if (s->set[k].dims[d] >= NPSD_DIM_ATTR0)
				s->attr_unused &= ~(1u << (s->set[k].dims[d] - NPSD_DIM_ATTR0));
	return true;
}

/* --- sets --- */

/* `NUMBER NAME[ SINCE_MS]` of the set in the stored text; false: it is not there. */
static bool find_set(struct npsd_set *set, const char *stored)
{
	struct npsd_str list = value_of(stored, "segments"), one;
	char item[SET_MAX], number[SET_MAX], name[SET_MAX], since[SET_MAX];

	while (cut(item, &list, ';')) {
		one = npsd_str(item);
		if (!cut(number, &one, ' ') || !cut(name, &one, ' ') || strcmp(name, set->name) != 0)
			continue;
		set->number = (uint16_t)strtoul(number, NULL, 10);
		set->since_ms = cut(since, &one, ' ') ? strtoll(since, NULL, 10) : 0;
		return true;
	}
	return false;
}

static bool adopt_sets(
    struct npsd_config *cfg, struct npsd_err *err, const char *stored, struct npsd_config_now now)
{
	cfg->sets_given = (uint32_t)strtoul(value_of(stored, "sets.given").p, NULL, 10);
	for (int i = 0; i < cfg->sets.n; i++) {
		struct npsd_set *set = &cfg->sets.set[i];

		if (find_set(set, stored))
			continue;
		if (cfg->sets_given == SET_NUMBERS)
			return npsd_fail(err, NPSD_LIMIT, 0,
			    "segments: all %u numbers of sets were given; use another prefix", SET_NUMBERS);
		set->number = (uint16_t)cfg->sets_given++;
		set->since_ms = now.clock_ms == NPSD_TIME_NONE ? 0 : now.clock_ms + 1;
	}
	return true;
}

/* --- windows --- */

static int64_t floor_to(int64_t x, int64_t step)
{
	int64_t r = x % step;

	return x - (r < 0 ? r + step : r);
}

/*
 * What the stored windows of one step keep: back to `widest`, complete from since_ms on (0: all of it). Each
 * window that was added found panes from its own since_ms on; the latest of these is that of the widest, or
 * lies before what is kept.
 */
struct kept {
	int64_t widest_s, since_ms;
};

/* Sets since_ms where the window is in the stored text; else what is kept of its step. */
static bool find_window(struct npsd_window *w, struct kept *kept, const char *stored)
{
	struct npsd_str list = value_of(stored, "windows");
	char item[SET_MAX];

	*kept = (struct kept){0};
	while (cut(item, &list, ',')) {
		char *blank = strchr(item, ' ');
		int64_t since_ms = blank ? strtoll(blank, NULL, 10) : 0;
		struct npsd_window old;

		if (blank)
			*blank = 0;
		if (strcmp(item, w->name) == 0) {
			w->since_ms = since_ms;
			return true;
		}
		if (!npsd_config_window(&old, item) || old.step_s != w->step_s)
			continue;
		if (since_ms && (kept->since_ms == 0 || since_ms > kept->since_ms))
			kept->since_ms = since_ms;
		if (old.width_s > kept->widest_s)
			kept->widest_s = old.width_s;
	}
	return false;
}

static void adopt_windows(struct npsd_config *cfg, const char *stored, struct npsd_config_now now)
{
	for (int i = 0; i < cfg->nwindows; i++) {
		struct npsd_window *w = &cfg->windows[i];
		int64_t step_ms = w->step_s * 1000;
		struct kept kept;

		if (find_window(w, &kept, stored))
			continue;
		w->since_ms = 0;
		if (now.clock_ms == NPSD_TIME_NONE)
			continue;
		w->since_ms = floor_to(now.t_ms, step_ms) + step_ms - 2 * kept.widest_s * 1000;
		if (kept.since_ms && kept.since_ms > w->since_ms) /* its panes are not complete before */
			w->since_ms = kept.since_ms;
	}
}

bool npsd_config_adopt(
    struct npsd_config *cfg, struct npsd_err *err, const char *stored, struct npsd_config_now now)
{
	if (!adopt_attributes(cfg, err, stored) || !adopt_sets(cfg, err, stored, now))
		return false;
	adopt_windows(cfg, stored, now);
	npsd_config_make_text(cfg);
	return true;
}

bool npsd_config_adopt_anew(struct npsd_config *cfg, struct npsd_err *err, const char *stored)
{
	struct npsd_config_now never = {NPSD_TIME_NONE, NPSD_TIME_NONE};

	if (!npsd_config_adopt(cfg, err, stored, never))
		return false;
	for (int i = 0; i < cfg->sets.n; i++)
		cfg->sets.set[i].since_ms = 0;
	for (int i = 0; i < cfg->nwindows; i++)
		cfg->windows[i].since_ms = 0;
	npsd_config_make_text(cfg);
	return true;
}

/* --- other texts --- */

const char *npsd_config_fixed_difference(const char *stored, const char *text)
{
	static const char *const fixed[] = {"clock", "kinds.split", "shards"};
	static char name[SET_MAX];
	const char *at = stored;

	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
		if (!npsd_str_eq(value_of(stored, fixed[i]), value_of(text, fixed[i])))
			return fixed[i];
	for (; *at; at += strcspn(at, "\n") + (at[strcspn(at, "\n")] == '\n')) {
		snprintf(name, sizeof name, "%.*s", (int)strcspn(at, "=\n"), at);
		if (strncmp(name, "caps.", 5) == 0 &&
		    !npsd_str_eq(value_of(stored, name), value_of(text, name)))
			return name;
	}
	return NULL;
}

bool npsd_config_refuse(struct npsd_err *err, const char *stored, const char *text)
{
	const char *name = npsd_config_difference(stored, text);

	return npsd_fail(err, NPSD_INVALID, 0,
	    "the configuration differs from the one that these keys were counted with, first in `%s`; set it "
	    "back, or start once with %s",
	    name ? name : "?", npsd_config_fixed_difference(stored, text) ? "--rebuild" : "--apply-config");
}

static bool stands_in_a_set(const char *text, const char *attribute)
{
	struct npsd_str list = value_of(text, "segments"), one;
	char item[SET_MAX], number[SET_MAX], word[SET_MAX];

	while (cut(item, &list, ';')) {
		char *end = strrchr(item, ' ');

		one = npsd_str(item);
		if (end && end != strchr(item, ' '))
			one.n = (uint32_t)(end - item); /* without since_ms */
		if (!cut(number, &one, ' '))
			continue;
		while (cut(word, &one, ','))
			if (strncmp(word, "attributes.", 11) == 0 && strcmp(word + 11, attribute) == 0)
				return true;
	}
	return false;
}

/* A word of defaults.survey_kind in the text; `none` where the line is missing. */
static int kind_of(struct npsd_str word)
{
	const struct npsd_option *o = npsd_option_find("defaults.survey_kind");
	struct npsd_err err = {0};
	char text[SET_MAX];
	int kind = NPSD_KIND_NONE;

	snprintf(text, sizeof text, "%.*s", (int)word.n, word.p);
	if (!npsd_value_read(&kind, &err, o, o->name, &(struct npsd_value){.text = text}))
		return NPSD_KIND_NONE;
	return kind;
}

static void topic_kinds(struct npsd_config *cfg, const char *text, const struct npsd_config *present)
{
	for (int i = 0; i < present->ntopics; i++) {
		char name[SET_MAX];
		struct npsd_str word;
		int kind;

		snprintf(name, sizeof name, "topic_defaults.%s.survey_kind", present->topics[i]);
		word = value_of(text, name);
		kind = kind_of(word);
		if (word.n)
			cfg->topic_kind[i] = kind == NPSD_KIND_NONE ? NPSD_TOPIC_KIND_NONE : (uint8_t)kind;
	}
}

struct npsd_config *npsd_config_of_text(const char *text, const char *hash, const struct npsd_config *present)
{
	struct npsd_config *cfg = calloc(1, sizeof *cfg);
	struct npsd_str list = value_of(text, "attributes");
	char word[SET_MAX];

	npsd_assert(cfg);
	snprintf(cfg->hash, sizeof cfg->hash, "%s", hash);
	cfg->text = strdup(text);
	npsd_assert(cfg->text);
	cfg->default_kind = kind_of(value_of(text, "defaults.survey_kind"));
	topic_kinds(cfg, text, present);
	cfg->location_required = value_is(text, "location.required", "true");
	cfg->event_bytes = strtoll(value_of(text, "limits.event_bytes").p, NULL, 10);
	while (cut(word, &list, ',')) {
		add_attribute(&cfg->sets, word);
		if (!stands_in_a_set(text, word))
			cfg->sets.attr_unused |= 1u << (cfg->sets.nattr - 1);
	}
	return cfg;
}

int npsd_config_older(const struct npsd_config *cfg, struct npsd_str hash)
{
	for (int i = 0; i < cfg->nolder; i++)
		if (npsd_str_eq(hash, npsd_str(cfg->older[i]->hash)))
			return i;
	return -1;
}

bool npsd_config_knows(const struct npsd_config *cfg, struct npsd_str hash)
{
	return npsd_str_eq(hash, npsd_str(cfg->hash)) || npsd_config_older(cfg, hash) >= 0;
}
