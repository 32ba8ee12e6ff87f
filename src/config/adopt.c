/*
 * A configuration continues a stored one: sets and attributes keep their numbers, because stored counts and
 * the dictionary refer to them, and what was added later keeps the time since which it is counted.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "config/readers.h"
#include "npsd/event.h"

#define SET_NUMBERS 4096u /* a segment has twelve bits for the set */

/* --- attributes --- */

/* Swaps the numbers of two attributes. */
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

/* An attribute that no set contains any more keeps its number and its cap. */
static bool adopt_attributes(struct npsd_config *cfg, struct npsd_err *err, const struct npsd_config *stored)
{
	struct npsd_sets *s = &cfg->sets;

	for (int i = 0; i < stored->sets.nattr; i++) {
		int dim = npsd_dim_find(s, npsd_str(stored->sets.attr_word[i]));

		if (dim < 0) {
			if (s->nattr == NPSD_MAX_ATTR)
				return npsd_fail(err, NPSD_LIMIT, 0,
				    "segments: more than %d different attributes, with those that were "
				    "counted before",
				    NPSD_MAX_ATTR);
			dim = npsd_sets_add_attribute(s, npsd_str(stored->sets.attr[i]));
			cfg->caps[dim] = stored->caps[NPSD_DIM_ATTR0 + i];
		}
		swap_attributes(cfg, i, dim - NPSD_DIM_ATTR0);
	}
	s->attr_unused = npsd_sets_unused_attributes(s);
	return true;
}

/* --- sets --- */

static const struct npsd_set *find_set(const struct npsd_sets *sets, const char *name)
{
	for (int i = 0; i < sets->n; i++)
		if (strcmp(sets->set[i].name, name) == 0)
			return &sets->set[i];
	return NULL;
}

static bool adopt_sets(struct npsd_config *cfg, struct npsd_err *err, const struct npsd_config *stored,
    struct npsd_config_now now)
{
	int64_t begin_ms = now.clock_ms == NPSD_TIME_NONE ? 0 : now.clock_ms + 1;

	cfg->sets_given = stored->sets_given;
	for (int i = 0; i < cfg->sets.n; i++) {
		struct npsd_set *set = &cfg->sets.set[i];
		const struct npsd_set *old = find_set(&stored->sets, set->name);

		if (!old && cfg->sets_given == SET_NUMBERS)
			return npsd_fail(err, NPSD_LIMIT, 0,
			    "segments: all %u numbers of sets are used; set another prefix", SET_NUMBERS);
		set->number = old ? old->number : (uint16_t)cfg->sets_given++;
		set->since_ms = old ? old->since_ms : begin_ms;
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
 * A stored window keeps its time. An added one begins where the panes of its step are complete. They are kept
 * for twice the widest stored window of the step, and are complete since the latest time of such a window:
 * that is the time of the widest one, or it is before what is kept.
 */
static int64_t since_of(
    const struct npsd_window *w, const struct npsd_config *stored, struct npsd_config_now now)
{
	int64_t step_ms = w->step_s * 1000, widest_s = 0, complete_ms = 0, kept_ms;

	for (int i = 0; i < stored->nwindows; i++) {
		const struct npsd_window *old = &stored->windows[i];

		if (strcmp(old->name, w->name) == 0)
			return old->since_ms;
		if (old->step_s != w->step_s)
			continue;
		if (old->since_ms && (complete_ms == 0 || old->since_ms > complete_ms))
			complete_ms = old->since_ms;
		if (old->width_s > widest_s)
			widest_s = old->width_s;
	}
	if (now.clock_ms == NPSD_TIME_NONE)
		return 0;
	kept_ms = floor_to(now.t_ms, step_ms) + step_ms - 2 * widest_s * 1000;
	return complete_ms && complete_ms > kept_ms ? complete_ms : kept_ms;
}

bool npsd_config_adopt(
    struct npsd_config *cfg, struct npsd_err *err, const char *stored, struct npsd_config_now now)
{
	struct npsd_config *old = npsd_config_of_text(stored, "", cfg);
	bool ok = adopt_attributes(cfg, err, old) && adopt_sets(cfg, err, old, now);

	for (int i = 0; ok && i < cfg->nwindows; i++)
		cfg->windows[i].since_ms = since_of(&cfg->windows[i], old, now);
	npsd_config_free(&old);
	if (ok)
		npsd_config_make_text(cfg);
	return ok;
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

/* --- differences --- */

/* NAME, or NAME.KEY of a map, is an option that only a rebuild changes. */
static bool is_fixed(const char *name)
{
	for (int i = 0; i < npsd_noptions; i++) {
		size_t n = strlen(npsd_options[i].name);

		if (npsd_options[i].change == NPSD_CHANGED_BY_REBUILD &&
		    strncmp(name, npsd_options[i].name, n) == 0 && (name[n] == 0 || name[n] == '.'))
			return true;
	}
	return false;
}

/* The name of the first line of `a` that `b` lacks. False: there is none. */
static bool first_difference(char name[NPSD_TEXT_NAME_MAX], const char *a, const char *b, bool only_fixed)
{
	struct npsd_str rest = npsd_str(a), line, word;

	while (npsd_str_next(&line, &rest, '\n')) {
		struct npsd_str other;

		npsd_str_next(&word, &line, '=');
		snprintf(name, NPSD_TEXT_NAME_MAX, "%.*s", (int)word.n, word.p);
		other = npsd_text_value(b, name);
		if ((!other.p || !npsd_str_eq(line, other)) && (!only_fixed || is_fixed(name)))
			return true;
	}
	return false;
}

const char *npsd_config_difference(const char *text_a, const char *text_b)
{
	static char a[NPSD_TEXT_NAME_MAX], b[NPSD_TEXT_NAME_MAX];
	bool in_a = first_difference(a, text_a, text_b, false),
	     in_b = first_difference(b, text_b, text_a, false);

	if (in_a && in_b)
		return strcmp(a, b) < 0 ? a : b;
	return in_a ? a : in_b ? b : NULL;
}

const char *npsd_config_fixed_difference(const char *stored, const char *text)
{
	static char name[NPSD_TEXT_NAME_MAX];

	return first_difference(name, stored, text, true) ? name : NULL;
}

/* --- the owner of the keys: a group and its topics --- */

#define GROUP_LINE "kafka.group"
#define TOPICS_LINE "kafka.topics"

bool npsd_config_lacks_owner(const struct npsd_config *cfg, const char *stored)
{
	struct npsd_str rest = npsd_str(cfg->text), line, name, value;
	struct npsd_buf without;
	bool same;

	if (npsd_text_value(stored, GROUP_LINE).p)
		return false;
	npsd_buf_init(&without, rest.n + 1);
	while (npsd_str_next(&line, &rest, '\n')) {
		value = line;
		npsd_str_next(&name, &value, '=');
		if (npsd_str_eq(name, NPSD_STR(GROUP_LINE)) || npsd_str_eq(name, NPSD_STR(TOPICS_LINE)))
			continue;
		npsd_buf_add(&without, line.p, line.n);
		npsd_buf_addz(&without, "\n");
	}
	same = npsd_str_eq((struct npsd_str){without.p, (uint32_t)without.n}, npsd_str(stored));
	npsd_buf_free(&without);
	return same;
}

bool npsd_config_is_of_other_group(const struct npsd_config *cfg, const char *stored)
{
	struct npsd_str group = npsd_text_value(stored, GROUP_LINE);

	return group.p && !npsd_str_eq(group, npsd_str(cfg->kafka_group));
}

/* The first topic of list that others lacks; p is NULL: there is none. */
static struct npsd_str topic_only_in(struct npsd_str list, struct npsd_str others)
{
	struct npsd_str topic, other, rest;

	while (npsd_str_next(&topic, &list, ',')) {
		bool found = false;

		for (rest = others; !found && npsd_str_next(&other, &rest, ',');)
			found = npsd_str_eq(topic, other);
		if (!found)
			return topic;
	}
	return (struct npsd_str){NULL, 0};
}

static bool refuse_group(struct npsd_err *err, const struct npsd_config *cfg, struct npsd_str group)
{
	return npsd_fail(err, NPSD_INVALID, 0,
	    "the keys under prefix \"%s\" belong to group \"%.*s\"; this npsd is in group \"%.40s\": choose "
	    "another prefix or kafka.group; a start with --apply-config takes the keys over",
	    cfg->prefix, group.n < 40 ? (int)group.n : 40, group.p, cfg->kafka_group);
}

static bool refuse_topics(struct npsd_err *err, const struct npsd_config *cfg, struct npsd_str stored)
{
	struct npsd_str own = npsd_text_value(cfg->text, TOPICS_LINE), added = topic_only_in(own, stored),
			removed = topic_only_in(stored, own), topic = added.p ? added : removed;

	return npsd_fail(err, NPSD_INVALID, 0,
	    "kafka.topics: the keys under prefix \"%s\" %s topic \"%.*s\"%s; choose another prefix, or start "
	    "once with --apply-config to %s",
	    cfg->prefix, added.p ? "do not count" : "count", topic.n < 50 ? (int)topic.n : 50, topic.p,
	    !removed.p ? ""
	    : added.p  ? " but another one"
		       : ", which is not listed",
	    !removed.p ? "add it"
	    : added.p  ? "exchange them"
		       : "remove it");
}

bool npsd_config_refuse(struct npsd_err *err, const struct npsd_config *cfg, const char *stored)
{
	struct npsd_str group = npsd_text_value(stored, GROUP_LINE),
			topics = npsd_text_value(stored, TOPICS_LINE);
	const char *name = npsd_config_difference(stored, cfg->text);
	bool rebuild = npsd_config_fixed_difference(stored, cfg->text) != NULL;

	if (npsd_config_is_of_other_group(cfg, stored))
		return refuse_group(err, cfg, group);
	if (topics.p && !rebuild && !npsd_str_eq(topics, npsd_text_value(cfg->text, TOPICS_LINE)))
		return refuse_topics(err, cfg, topics);
	return npsd_fail(err, NPSD_INVALID, 0,
	    "the configuration differs from the one that these keys were counted with, first in `%s`; set it "
	    "back, or start once with %s",
	    name ? name : "?", rebuild ? "--rebuild" : "--apply-config");
}
